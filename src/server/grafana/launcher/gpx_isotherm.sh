#!/bin/sh
# Grafana starts this file as the data source's backend. It finds a Node of version 20 or newer and becomes it.
# Grafana passes no PATH and no HOME, so nothing but the shell itself is relied upon until Node is found.
# Name one yourself in grafana.ini: [plugin.isotherm-metrics-datasource] node_path = /path/to/node

case $0 in
  */*) here=${0%/*} ;;
  *) here=. ;;
esac

recorded=
[ -r "$here/node-path.txt" ] && read -r recorded < "$here/node-path.txt"

seen=
try() {
  [ -n "$1" ] && [ -x "$1" ] || return 1
  version=$("$1" --version 2>/dev/null) || { seen="$seen $1 (does not run)"; return 1; }
  major=${version#v}
  major=${major%%.*}
  [ "$major" -ge 20 ] 2>/dev/null && return 0
  seen="$seen $1 ($version)"
  return 1
}

for node in "$GF_PLUGIN_NODE_PATH" "$here/node" "$recorded" "$(command -v node 2>/dev/null)" \
  /usr/local/bin/node /usr/bin/node /opt/homebrew/bin/node /opt/local/bin/node /snap/bin/node \
  /opt/node*/bin/node /usr/local/node*/bin/node /root/.nvm/versions/node/*/bin/node /home/*/.nvm/versions/node/*/bin/node; do
  # `read` and the checks above must not see Grafana's stdin; Node itself keeps it.
  if try "$node" < /dev/null; then
    exec "$node" "$here/gpx_isotherm.cjs"
  fi
done

message="no Node of version 20 or newer was found for the Isotherm data source; install one, or name it in grafana.ini: [plugin.isotherm-metrics-datasource] node_path = /path/to/node."
[ -n "$seen" ] && message="$message Seen:$seen"
echo "{\"@level\":\"error\",\"@message\":\"$message\",\"@timestamp\":\"1970-01-01T00:00:00.000000Z\"}" >&2
exit 1

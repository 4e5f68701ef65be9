/** Expected texts are those that Prometheus 3.14 makes of the same templates over the same data. */
import { labelsOf } from '../../../shared/model/labels.ts';
import { RuleTemplate, type ExpandContext } from './expand.ts';

const ROWS = [
  { labels: labelsOf({ __name__: 'm', instance: 'b:1', x: '1' }), value: 21 },
  { labels: labelsOf({ __name__: 'm', instance: 'a:2', x: '2' }), value: 11.5 },
];

const context: ExpandContext = {
  labels: [
    ['empty', ''],
    ['instance', 'host.example.org:9100'],
    ['job', 'api'],
  ],
  value: 1234567.5,
  externalLabels: labelsOf({ cluster: 'eu' }),
  externalUrl: 'http://prom.example:9090/p',
  now: 1_700_000_000_123,
  async query(expr) {
    if (expr === 'bad') throw new Error('refused');
    return expr === 'none' ? [] : ROWS;
  },
};

const expand = async (text: string) => new RuleTemplate(text).expand(context);

test.each([
  ['plain', 'plain'],
  ['{{ $labels.instance }}', 'host.example.org:9100'],
  ['{{ .Labels.job }} {{ $externalLabels.cluster }} {{ .ExternalURL }}', 'api eu http://prom.example:9090/p'],
  ['{{ $value }}', '1.2345675e+06'],
  ['{{ .Value | printf "%.2f" }}', '1234567.50'],
  ['{{ $labels.missing }}|', '|'],
  ['{{ humanize $value }}', '1.235M'],
  ['{{ $value | humanize1024 }}', '1.177Mi'],
  ['{{ humanizePercentage 0.12345 }}', '12.35%'],
  ['{{ humanizeDuration 3661.5 }}', '1h 1m 1s'],
  [
    '{{ humanizeDuration 0.00123 }} {{ humanizeDuration 90061 }} {{ humanizeDuration -61 }} {{ humanizeDuration 1.23456 }} {{ humanizeDuration 0 }} {{ humanizeDuration "65" }}',
    '1.23ms 1d 1h 1m 1s -1m 1s 1.235s 0s 1m 5s',
  ],
  ['{{ humanizeTimestamp 1435065584.128 }}', '2015-06-23 13:19:44.128 +0000 UTC'],
  [
    '{{ humanize 0.0000123 }} {{ humanize 1e30 }} {{ humanize 999.95 }} {{ humanize 0 }} {{ humanize -1500 }} {{ humanize 12 }}',
    '12.3u 1e+06Y 1000 0 -1.5k 12',
  ],
  ['{{ humanize1024 1048576 }} {{ humanize1024 0.5 }} {{ humanize1024 1023 }}', '1Mi 0.5 1023'],
  ['{{ query "m" | first | value }}', '21'],
  ['{{ range query "m" }}{{ .Labels.instance }}={{ .Value }};{{ end }}', 'b:1=21;a:2=11.5;'],
  ['{{ range sortByLabel "instance" (query "m") }}{{ .Labels.instance }},{{ end }}', 'a:2,b:1,'],
  ['{{ with query "m" }}{{ . | first | label "x" }}{{ end }}', '1'],
  ['{{ with query "none" }}yes{{ else }}no{{ end }}', 'no'],
  ['{{ if gt $value 1000000.0 }}big{{ else if gt $value 10.0 }}mid{{ else }}small{{ end }}', 'big'],
  ['{{ if eq $labels.job "api" "web" }}y{{ end }}', 'y'],
  ['{{ reReplaceAll "(.*):(.*)" "$2/$1" $labels.instance }}', '9100/host.example.org'],
  ['{{ reReplaceAll "(?P<h>[a-z]+)" "<${h}>" "ab-cd" }} {{ reReplaceAll "a" "$1x$$" "banana" }}', '<ab>-<cd> b$n$n$'],
  [
    '{{ title "hello big-world o\'neil a.b foo_bar 1st" }} {{ toUpper "aß" }} {{ toLower "ÀB" }}',
    "Hello Big-World O'neil A.b Foo_bar 1St Aß àb",
  ],
  [
    '{{ graphLink "up == 0" }} {{ tableLink "a{b=\\"c\\"}" }}',
    '/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=a%7Bb%3D%22c%22%7D&g0.tab=1',
  ],
  ['{{ stripPort $labels.instance }} {{ stripPort "[::1]:80" }} {{ stripPort "abc" }}', 'host.example.org ::1 abc'],
  [
    '{{ stripDomain $labels.instance }} {{ stripDomain "10.0.0.1:80" }} {{ stripDomain "a.b.c" }} {{ stripDomain "[::1]:80" }}',
    'host:9100 10.0.0.1:80 a [::1]:80',
  ],
  ['{{ externalURL }} {{ pathPrefix }}', 'http://prom.example:9090/p /p'],
  ['{{ now }}', '1.700000000123e+09'],
  ['{{ now | humanizeTimestamp }}', '2023-11-14 22:13:20.122 +0000 UTC'],
  ['{{ (now | toTime) }}', '2023-11-14 22:13:20.122 +0000 UTC'],
  ['{{ toDuration 90.5 }} {{ toDuration 0.0015 }} {{ toDuration 3600 }} {{ toDuration 0 }}', '1m30.5s 1.5ms 1h0m0s 0s'],
  ['{{ urlQueryEscape "a b&c=d/é" }}', 'a+b%26c%3Dd%2F%C3%A9'],
  ['{{ $x := 5 }}{{ $x }} {{ with $y := 6 }}{{ $y }}{{ end }}', '5 6'],
  ['{{ define "t" }}[{{ .arg0 }}:{{ .arg1 }}]{{ end }}{{ template "t" (args 1 "b") }}', '[1:b]'],
  [
    '{{ printf "%s has %v of %d %% %5.1f|%-5s|%05d|%x|%q|%t" $labels.job $value 5 3.14159 "ab" 42 255 "q\\"" true }}',
    'api has 1.2345675e+06 of 5 %   3.1|ab   |00042|ff|"q\\""|true',
  ],
  [
    '{{ printf "%d" $value }} {{ printf "%s" $value }} {{ printf "%d" }} {{ printf "x" 1 }}',
    '%!d(float64=1.2345675e+06) %!s(float64=1.2345675e+06) %!d(MISSING) x%!(EXTRA int=1)',
  ],
  ['{{ print 1 2 "a" "b" 3.5 }}|{{ println "x" 1 }}', '1 2ab3.5|x 1\n'],
  ['{{ len $labels }} {{ len "héllo" }} {{ index $labels "job" }} {{ slice "abcdef" 2 4 }}', '3 6 api cd'],
  ['{{ and $labels.job "x" }} {{ or "" 0 "z" }} {{ not $labels.empty }}', 'x z true'],
  ['a  {{- "b" -}}  c {{/* note */}}d', 'abc d'],
  ['{{ range $i, $e := query "m" }}{{ $i }}:{{ $e.Value }} {{ end }}', '0:21 1:11.5 '],
  ['{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}', 'empty=;instance=host.example.org:9100;job=api;'],
  ['{{ range 3 }}{{ . }}{{ if eq . 1 }}{{ break }}{{ end }}{{ end }}', '01'],
  ['{{ $labels }}', 'map[empty: instance:host.example.org:9100 job:api]'],
  [
    '{{ . }}',
    '{map[empty: instance:host.example.org:9100 job:api] map[cluster:eu] http://prom.example:9090/p 1.2345675e+06}',
  ],
  [
    '{{ "a\\tb" }} {{ `raw\\n` }} {{ \'x\' }} {{ 0x1F }} {{ 1e3 }} {{ 1_000 }} {{ -5 }} {{ .5 }}',
    'a\tb raw\\n 120 31 1000 1000 -5 0.5',
  ],
  [
    '{{ html "<b>&\'\\"" }} {{ js "it\'s <x>" }} {{ urlquery "a b" 1 }}',
    "&lt;b&gt;&amp;&#39;&#34; it\\'s \\u003Cx\\u003E a+b1",
  ],
  ['{{ ("a") }} {{ (index $labels "job") | toUpper }}', 'a API'],
  ['{{ $labels.job | printf "%s-%s" "x" }}', 'x-api'],
  ['{{ $v := "a" }}{{ if true }}{{ $v = "b" }}{{ end }}{{ $v }}', 'b'],
  ['{{ le 1 1 }} {{ ge 2 1 }} {{ ne "a" "b" }} {{ lt "a" "b" }}', 'true true true true'],
  ['{{ strvalue (first (query "m")) }}|', '|'],
  ['{{ safeHtml "<b>" }}', '<b>'],
  ['{{ printf "%v %v" nil true }}', '<nil> true'],
  ['{{ if $value }}t{{ end }}{{ if 0.0 }}f{{ end }}', 't'],
  ['{{ with $labels }}{{ .job }}{{ end }}', 'api'],
  ['{{ block "b" .Labels }}{{ .job }}{{ end }}', 'api'],
  ['{{ printf "%6.2f|%+d|%e|%g" 3.14159 5 12345.678 0.00001 }}', '  3.14|+5|1.234568e+04|1e-05'],
  ['{{ printf "%.3s|%8s|%c|%U|%o|%b" "abcdef" "hi" 65 65 8 5 }}', 'abc|      hi|A|U+0041|10|101'],
  ['{{ $labels.instance | reReplaceAll ":.*" "" }}', 'host.example.org'],
  ['{{ if and (gt $value 1.0) (lt $value 2.0) }}in{{ else }}out{{ end }}', 'out'],
  ['{{ range query "m" }}{{ else }}e{{ end }}{{ range query "none" }}x{{ else }}none{{ end }}', 'none'],
  ['line1\n{{ $value | printf "%.0f" }}\nline3', 'line1\n1234568\nline3'],
  ['{{- /* c */ -}} x', 'x'],
])('%s', async (text, expected) => {
  expect(await expand(text)).toBe(expected);
});

test.each([
  ['{{ humanize "x" }}', 'error calling humanize: parsing "x": invalid syntax'],
  ['{{ humanize true }}', "error calling humanize: can't convert bool to float"],
  ['{{ query "none" | first | value }}', 'error calling first: first() called on vector with no elements'],
  ['{{ query "bad" }}', 'error calling query: refused'],
  ['{{ if gt $value 5 }}x{{ end }}', 'error calling gt: incompatible types for comparison: float64 and int'],
  [
    '{{ match "^h.*9100$" $labels.instance }} {{ match "(" "x" }}',
    'error calling match: not an RE2 pattern: error parsing regexp: missing closing ): `(`',
  ],
  [
    '{{ parseDuration "1h30m" }} {{ parseDuration "-5m" }} {{ parseDuration "x" }}',
    'error calling parseDuration: not a duration: "x"',
  ],
  ['{{ template "none" }}', 'template "none" not defined'],
  ['{{ nope 1 }}', 'function "nope" not defined'],
  ['{{ $nope }}', 'undefined variable "$nope"'],
  ['{{ if }}x{{ end }}', 'missing value for if'],
  ['{{ if true }}x', 'unexpected end of template; {{end}} is missing for {{if}}'],
  ['x {{ end }}', 'unexpected {{end}}'],
  ['{{ .Nope }}', "can't evaluate field Nope"],
  ['{{ $labels.job.x }}', "can't evaluate field x"],
  ['{{ 1 | add }}', 'function "add" not defined'],
  ['{{ first 5 }}', 'error calling first: wrong type for value; expected template.queryResult; got int'],
  ['{{ first (query "m") "x" }}', 'wrong number of args'],
  ['{{ humanize }}', 'wrong number of args'],
  ['{{ $value.x }}', "can't evaluate field x"],
  ['{{ true }} {{ nil }}', 'nil is not a command'],
  ['{{ len 5 }}', 'error calling len: len of type int'],
  ['{{ index $labels 1 }}', 'error calling index: value has type int; should be string'],
  ['{{ "x" 1 }}', "can't give argument to non-function"],
  ['{{ }}', 'missing value for command'],
  ['{{ | }}', 'missing value for command'],
  ['{{ "unterminated }}', 'unterminated quoted string'],
  ['{{ $labels.job', 'unclosed action'],
  ['{{ range $x }}{{ end }}', 'undefined variable "$x"'],
  ['{{ continue }}', 'outside {{range}}'],
  [
    '{{ humanizeDuration 59.9999 }} {{ humanizePercentage 1.0 }} {{ humanizeTimestamp 1e300 }}',
    'error calling humanizeTimestamp: 1e+300 cannot be represented as a nanoseconds timestamp since it overflows int64',
  ],
])('%s is refused', async (text, why) => {
  await expect(expand(text)).rejects.toThrow(why);
});

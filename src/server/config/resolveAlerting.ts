/** The `alerting` section: upstream's defaults filled in, contradictions refused. */
import type { AlertingConfig, AlertmanagerConfig } from './config.ts';
import type { RawFile } from './fileSchema.ts';
import { resolveHttp } from './resolveHttp.ts';
import { resolveRelabels, type Complain } from './resolveRelabel.ts';
import { resolveSources } from './resolveSources.ts';
import type { RawAlertmanagerConfig } from './scrapeSchema.ts';

const TIMEOUT_MS = 10_000;

/** @param complain takes paths below `alerting`. */
export function resolveAlerting(raw: RawFile['alerting'], dir: string, complain: Complain): AlertingConfig {
  return {
    alertRelabel: resolveRelabels(raw?.alert_relabel_configs, 'alert_relabel_configs', false, complain),
    alertmanagers: (raw?.alertmanagers ?? []).map((entry, i) =>
      // The keys of absent discovery make the schema's own type wider than it is.
      resolveAlertmanager(entry as RawAlertmanagerConfig, dir, (path, why) =>
        complain(['alertmanagers', i, ...path], why),
      ),
    ),
  };
}

function resolveAlertmanager(raw: RawAlertmanagerConfig, dir: string, complain: Complain): AlertmanagerConfig {
  if ('sigv4' in raw) complain(['sigv4'], 'requests are not signed for AWS yet; put a signing proxy before it');
  return {
    scheme: raw.scheme ?? 'http',
    pathPrefix: raw.path_prefix ?? '/',
    timeoutMs: raw.timeout ?? TIMEOUT_MS,
    http: resolveHttp(raw, dir, complain),
    ...resolveSources(raw, dir, complain),
    relabel: resolveRelabels(raw.relabel_configs, 'relabel_configs', false, complain),
    alertRelabel: resolveRelabels(raw.alert_relabel_configs, 'alert_relabel_configs', false, complain),
  };
}

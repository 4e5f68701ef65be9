/** `remote_read`: upstream's defaults filled in. */
import type { RemoteReadConfig } from './config.ts';
import type { RawRemoteRead } from './fileSchema.ts';
import { resolveHttp } from './resolveHttp.ts';
import type { Complain } from './resolveRelabel.ts';
import { labelsOfSet } from './resolveSources.ts';

const TIMEOUT_MS = 60_000;

export function resolveRemoteRead(raw: RawRemoteRead, dir: string, complain: Complain): RemoteReadConfig {
  return {
    url: raw.url,
    name: raw.name ?? '',
    timeoutMs: raw.remote_timeout || TIMEOUT_MS,
    headers: raw.headers ?? {},
    http: resolveHttp(raw, dir, complain),
    requiredMatchers: labelsOfSet(raw.required_matchers ?? {}),
    readRecent: raw.read_recent ?? false,
    filterExternalLabels: raw.filter_external_labels ?? true,
  };
}

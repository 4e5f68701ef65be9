/**
 * One open upstream for each data source that is in use, made anew when its settings change.
 *
 * The settings themselves are compared, not the time of their last change alone: Grafana keeps that in whole seconds, and of two changes within one the
 * second would never be seen.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Collectors } from './collect/collectors.ts';
import { collectedUpstream } from './collect/collectedUpstream.ts';
import { collectSettingsOf } from './collect/collectSettings.ts';
import type { DataSourceSettings, PluginContext } from './messages.ts';
import { connectionFrom, SettingsError } from './settings.ts';
import { openUpstream, type Upstream } from './upstream.ts';

/** Open at once; beyond it the one used longest ago is closed. */
const INSTANCES_MAX = 200;

export interface Instances {
  /** The upstream of the data source that a request is for. @throws SettingsError */
  of(context: PluginContext): Upstream;
  /** How many are open. */
  readonly size: number;
  close(): void;
}

interface Instance {
  readonly settings: DataSourceSettings;
  readonly upstream: Upstream;
}

/** A data source that collects by itself asks its collector, any other the server that it names. */
function upstreamOf({ orgId, dataSource }: PluginContext, collectors: Collectors): Upstream {
  const settings = dataSource!;
  const collect = collectSettingsOf(settings);
  if (collect !== undefined) return collectedUpstream(collectors.open(orgId, settings.uid, collect), collect);
  const connection = connectionFrom(settings);
  collectors.retire(orgId, settings.uid);
  return openUpstream(connection);
}

export function createInstances(collectors: Collectors): Instances {
  // In order of use: the first is the one used longest ago.
  const open = new Map<string, Instance>();
  return {
    of(context) {
      const settings = context.dataSource;
      if (settings === undefined)
        throw new SettingsError('the request names no data source; ask through a data source');
      const key = `${context.orgId}/${settings.uid}`;
      const known = open.get(key);
      open.delete(key);
      if (known !== undefined && isDeepStrictEqual(known.settings, settings)) {
        open.set(key, known);
        return known.upstream;
      }
      known?.upstream.close();
      const upstream = upstreamOf(context, collectors);
      open.set(key, { settings, upstream });
      for (const [oldest, instance] of open) {
        if (open.size <= INSTANCES_MAX) break;
        instance.upstream.close();
        open.delete(oldest);
      }
      return upstream;
    },
    get size() {
      return open.size;
    },
    close() {
      for (const { upstream } of open.values()) upstream.close();
      open.clear();
    },
  };
}

/** Headers of the caller that go on to the server, where the data source says so. Names in any case; Grafana's own come with `http_` before them. */
export function identityHeaders(
  upstream: Upstream,
  headers: Readonly<Record<string, string | readonly string[]>>,
): Record<string, string> {
  if (!upstream.connection.forwardIdentity) return {};
  const forwarded: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const plain = name.toLowerCase().replace(/^http_/, '');
    const text = typeof value === 'string' ? value : value[0];
    if ((plain === 'authorization' || plain === 'x-id-token') && text !== undefined) forwarded[plain] = text;
  }
  return forwarded;
}

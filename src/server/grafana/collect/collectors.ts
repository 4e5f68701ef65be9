/** The collectors of this backend: one for each data source that collects by itself. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Log } from '../log.ts';
import type { CollectSettings } from './collectSettings.ts';
import { openCollector, readKept, retire, type Collector, type CollectorCommand } from './collector.ts';
import { SettingsError } from '../settings.ts';
import { instanceFolderOf } from './dataFolder.ts';

/** What the server is built for; couriers to other servers run on older ones. */
const NODE_MAJOR_MIN = 24;
const isNodeNewEnough = Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN;

export interface Collectors {
  /** That of a data source, started if it is not running yet, with these settings. */
  open(orgId: number, uid: string, settings: CollectSettings): Collector;
  /** The data source does not collect (any more): what runs is closed, and does not come back by itself. */
  retire(orgId: number, uid: string): void;
  /** Starts again what collected when the last process ended. */
  resume(): void;
  readonly size: number;
  /** What collects for an organisation. */
  running(orgId: number): readonly RunningCollector[];
  /** Resolves when all processes are gone. */
  close(): Promise<void>;
}

export interface RunningCollector {
  /** Of its data source. */
  readonly uid: string;
  /** Where its samples lie. */
  readonly folder: string;
}

export interface CollectorsDeps {
  readonly dataFolder: string;
  readonly command: CollectorCommand;
  readonly log: Log;
}

export function createCollectors({ dataFolder, command, log }: CollectorsDeps): Collectors {
  const open = new Map<string, Collector>();
  /** By folder, as the collectors. */
  const owners = new Map<string, { readonly orgId: number; readonly uid: string }>();
  let closing = false;
  return {
    open(orgId, uid, settings) {
      if (!isNodeNewEnough) {
        throw new SettingsError(
          `collecting here needs Node ${NODE_MAJOR_MIN} or newer, and the backend runs on ${process.version}: name another in grafana.ini, [plugin.isotherm-metrics-datasource] node_path, or run a sidecar beside Grafana`,
        );
      }
      const folder = instanceFolderOf(dataFolder, orgId, uid);
      const known = open.get(folder);
      known?.apply(settings);
      if (known !== undefined) return known;
      const collector = openCollector({ orgId, uid }, settings, { folder, command, log });
      open.set(folder, collector);
      owners.set(folder, { orgId, uid });
      return collector;
    },
    retire(orgId, uid) {
      const folder = instanceFolderOf(dataFolder, orgId, uid);
      const running = open.get(folder);
      open.delete(folder);
      void running?.close();
      if (existsSync(folder)) retire(folder);
    },
    resume() {
      if (closing || !isNodeNewEnough || !existsSync(dataFolder)) return;
      for (const entry of readdirSync(dataFolder)) {
        const folder = path.join(dataFolder, entry);
        const kept = readKept(folder);
        if (kept?.active !== true || open.has(folder)) continue;
        log('info', 'collecting goes on', { uid: kept.uid, folder });
        open.set(folder, openCollector(kept, kept, { folder, command, log }));
        owners.set(folder, kept);
      }
    },
    get size() {
      return open.size;
    },
    running: (wanted) =>
      [...open.keys()].flatMap((folder) => {
        const { orgId, uid } = owners.get(folder)!;
        return orgId === wanted ? [{ uid, folder }] : [];
      }),
    async close() {
      closing = true;
      await Promise.all([...open.values()].map((collector) => collector.close()));
    },
  };
}

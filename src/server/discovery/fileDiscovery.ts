/** Targets from JSON or YAML files, read again when they change and every refresh interval. */
import { globSync, watch, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse } from 'yaml';
import type { FileSdConfig } from '../config/config.ts';
import { groupsOf } from './groupList.ts';
import type { Discoverer, DiscoveryDeps, GroupsListener, TargetGroup } from './targetGroup.ts';

/** A file larger than this is no list of targets. */
const FILE_BYTES_MAX = 32 * 1024 * 1024;
const FILES_MAX = 10_000;
/** Editors write in several steps; one reading after the last of them is enough. */
const SETTLE_MS = 50;

export function createFileDiscoverer(config: FileSdConfig, deps: DiscoveryDeps): Discoverer {
  return new FileDiscoverer(config, deps);
}

class FileDiscoverer implements Discoverer {
  private readonly config: FileSdConfig;
  private readonly deps: DiscoveryDeps;
  private readonly byFile = new Map<string, readonly TargetGroup[]>();
  private readonly watchers: FSWatcher[] = [];
  private refreshTimer: NodeJS.Timeout | undefined;
  private settleTimer: NodeJS.Timeout | undefined;
  private listener: GroupsListener | undefined;
  private reading: Promise<void> = Promise.resolve();

  constructor(config: FileSdConfig, deps: DiscoveryDeps) {
    this.config = config;
    this.deps = deps;
  }

  start(listener: GroupsListener): void {
    this.listener = listener;
    for (const folder of new Set(this.config.files.map((file) => dirname(file)))) this.watchFolder(folder);
    this.refreshTimer = setInterval(() => this.refresh(), this.config.refreshIntervalMs);
    this.refreshTimer.unref();
    this.refresh();
  }

  stop(): void {
    this.listener = undefined;
    clearInterval(this.refreshTimer);
    clearTimeout(this.settleTimer);
    for (const watcher of this.watchers) watcher.close();
  }

  private watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.settle());
      // A folder that goes away is no fault of ours: the refresh interval goes on.
      watcher.on('error', (error) => this.watchFault(folder, `is no longer watched: ${error.message}`));
      this.watchers.push(watcher);
    } catch (error) {
      const why = (error as Error).message;
      this.watchFault(folder, `cannot be watched, files are read every refresh_interval: ${why}`);
    }
  }

  private watchFault(folder: string, why: string): void {
    this.deps.onEvent?.({ kind: 'fileWatchFault' });
    this.deps.onFault(folder, why);
  }

  private settle(): void {
    clearTimeout(this.settleTimer);
    this.settleTimer = setTimeout(() => this.refresh(), SETTLE_MS);
    this.settleTimer.unref();
  }

  /** One reading at a time, in order. */
  private refresh(): void {
    this.reading = this.reading.then(() => this.readAll());
  }

  private async readAll(): Promise<void> {
    const began = performance.now();
    let readFaults = 0;
    const files = this.config.files
      .flatMap((pattern) => globSync(pattern))
      .sort()
      .slice(0, FILES_MAX);
    for (const known of [...this.byFile.keys()]) if (!files.includes(known)) this.byFile.delete(known);
    for (const file of files) {
      try {
        this.byFile.set(file, parseTargetFile(await readBounded(file), file));
      } catch (error) {
        readFaults++;
        this.deps.onFault(file, (error as Error).message);
      }
    }
    this.deps.onEvent?.({ kind: 'fileScan', ms: performance.now() - began, readFaults });
    this.listener?.([...this.byFile.values()].flat());
  }
}

async function readBounded(file: string): Promise<string> {
  const bytes = await readFile(file);
  if (bytes.length > FILE_BYTES_MAX) throw new Error(`is larger than ${FILE_BYTES_MAX} bytes`);
  return bytes.toString('utf8');
}

/**
 * The groups of one file, JSON or YAML by its name.
 *
 * @throws Error that says what is wrong and where.
 */
export function parseTargetFile(text: string, file: string): readonly TargetGroup[] {
  const tree: unknown = /\.json$/i.test(file) ? JSON.parse(text) : parse(text);
  return groupsOf(tree ?? null, file, ['__meta_filepath', file]);
}

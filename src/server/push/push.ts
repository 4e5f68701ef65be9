/** What short-lived jobs pushed, kept until it is deleted, replaced or too old; given out as a page that is scraped like any other. */
import { WireWriter } from '../../shared/bytes/protobufWire.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { GroupKey } from './groupKey.ts';
import { PushGroups, timeFamilies, type PushGroup } from './pushGroups.ts';
import { keepFamily } from './pushedFamily.ts';
import { readPushBody } from './pushBody.ts';
import { PushJournal } from './pushJournal.ts';
import { InconsistentPush } from './inconsistentPush.ts';
import { decodeRecord, encodeRecord, type PushRecord } from './pushRecord.ts';

export { parseGroupKey, parseTtl, type GroupKey } from './groupKey.ts';
export { groupsJson } from './groupsJson.ts';
export { pushedText } from './pushedText.ts';

export interface PushRequest {
  readonly key: GroupKey;
  /** Unfolded. */
  readonly body: Uint8Array;
  readonly contentType: string;
  /** All of the group goes, not only families of the same name. */
  readonly replaceAll: boolean;
}

export interface PushStore {
  /** Resolves when it is kept on disk. Rejects with RequestRefused, or the system's error. */
  push(request: PushRequest): Promise<void>;
  remove(key: GroupKey): Promise<void>;
  wipe(): Promise<void>;
  /** Those that still live. */
  groups(): readonly PushGroup[];
  /** All groups in the delimited protobuf format. */
  page(): Uint8Array;
  /** Bytes of all families. */
  readonly byteSize: number;
  close(): Promise<void>;
}

export interface PushStoreOptions {
  /** Folder of the journal; made if it is not there. */
  readonly folder: string;
  /** How long a group lives that does not say so itself; 0 for ever. */
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Rejects with the system's error. */
export async function openPushStore(options: PushStoreOptions): Promise<PushStore> {
  const { journal, bodies, tornBytes } = await PushJournal.open(options.folder);
  if (tornBytes > 0)
    options.log('warn', 'The end of the journal of pushes was not whole and is gone', { bytes: tornBytes });
  const store = new JournaledPushes(journal, options);
  for (const body of bodies) store.replay(decodeRecord(body));
  return store;
}

class JournaledPushes implements PushStore {
  private readonly held = new PushGroups();
  private readonly journal: PushJournal;
  private readonly options: PushStoreOptions;
  private cached: Uint8Array | undefined;
  /** Pushes that find the journal long at a time share one rewrite. */
  private rewriting: Promise<void> | undefined;
  private readonly bodies = () => [...this.held.all()].map(encodeRecord);

  constructor(journal: PushJournal, options: PushStoreOptions) {
    this.journal = journal;
    this.options = options;
  }

  get byteSize(): number {
    return this.held.byteSize;
  }

  replay(record: PushRecord): void {
    if ('gone' in record) this.held.remove(record.labels);
    else this.held.set(record);
  }

  async push({ key, body, contentType, replaceAll }: PushRequest): Promise<void> {
    this.expire();
    const now = this.options.clock.now();
    const before: PushGroup = this.held.find(key.labels) ?? {
      labels: key.labels,
      families: new Map(),
      pushedAt: 0,
      failedAt: 0,
      ttlMs: undefined,
    };
    const ttlMs = key.ttlMs ?? before.ttlMs;
    try {
      const kept = readPushBody(body, contentType).map((family) => keepFamily(family, key.labels));
      const families = this.held.changed(before, kept, replaceAll);
      await this.take({ ...before, families, pushedAt: now, ttlMs });
    } catch (error) {
      if (!(error instanceof InconsistentPush)) throw error;
      await this.take({ ...before, failedAt: now, ttlMs });
      throw error;
    }
  }

  async remove({ labels }: GroupKey): Promise<void> {
    if (!this.held.remove(labels)) return;
    this.cached = undefined;
    await this.journal.append(encodeRecord({ labels, gone: true }));
    await this.shorten();
  }

  async wipe(): Promise<void> {
    this.held.clear();
    this.cached = undefined;
    await this.journal.rewrite(this.bodies);
  }

  groups(): readonly PushGroup[] {
    this.expire();
    return [...this.held.all()];
  }

  page(): Uint8Array {
    this.expire();
    return (this.cached ??= pageOf(this.held.all()));
  }

  async close(): Promise<void> {
    await this.journal.close();
  }

  private async take(group: PushGroup): Promise<void> {
    this.held.set(group);
    this.cached = undefined;
    await this.journal.append(encodeRecord(group));
    await this.shorten();
  }

  private async shorten(): Promise<void> {
    if (!this.journal.isLong(this.held.byteSize)) return;
    this.rewriting ??= this.journal.rewrite(this.bodies).finally(() => (this.rewriting = undefined));
    await this.rewriting;
  }

  /** Nothing is written: the journal says when a group was pushed, and that decides again after a restart. */
  private expire(): void {
    const now = this.options.clock.now();
    for (const { labels, pushedAt, failedAt, ttlMs = this.options.ttlMs } of [...this.held.all()]) {
      if (ttlMs === 0 || Math.max(pushedAt, failedAt) + ttlMs > now) continue;
      this.held.remove(labels);
      this.cached = undefined;
    }
  }
}

function pageOf(groups: Iterable<PushGroup>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const group of groups)
    for (const { message } of [...group.families.values(), ...timeFamilies(group)])
      // A field is its tag, its length and its bytes: without the tag it is a delimited message.
      parts.push(new WireWriter().bytesAlways(1, message).finish().slice(1));
  return new Uint8Array(Buffer.concat(parts));
}

/**
 * Samples on their way to one receiver, in the order of their commits. They wait in memory; when there are too many, what follows is
 * left to the store, and read back from it once the receiver takes samples again. What was taken is remembered over restarts.
 */
import type { Log } from '../telemetry/log.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { RemoteQueueConfig } from '../config/config.ts';
import type { Backlog } from './backlog.ts';
import { addKinds, kindsIn, noneOfAnyKind, samplesIn, type KindCounts, type OutgoingRow } from './outgoing.ts';
import { requestsOf, type Encode, type OutgoingRequest } from './requestSamples.ts';
import { WriteRefused, type Delivery } from './receiver.ts';

/** Samples that wait in memory, whatever the configuration says. */
const PENDING_MAX = 1_000_000;
/**
 * A slow scrape is committed after a quick one that began later; so what is noted while samples still come lies so far behind the newest one that was
 * sent. A kill in between sends the samples of this time twice, and loses none.
 */
const LATE_MS_MAX = 10_000;
/** A row is sent as a whole: a request has so many more samples than it is to have, where the last row does not fit. */
const OVERFULL = 1.125;
/** The store is read again after it failed. */
const READ_RETRY_MS = 5_000;

export interface QueueParts {
  readonly config: RemoteQueueConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly backlog: Backlog;
  readonly encode: Encode;
  /** Rejects with WriteRefused for what will never be taken. */
  send(message: Uint8Array, stop: AbortSignal, delivery: Delivery): Promise<void>;
  /** After each request that was posted, taken or not. */
  onPosted?(ms: number): void;
  /** Up to which time everything was sent or refused, milliseconds. Called after every round of requests, and at the end. */
  onSent(t: number): void;
}

export interface WriteCounts {
  readonly sent: KindCounts;
  readonly failed: KindCounts;
  /** Sent again as they were not taken, each time. */
  readonly retried: KindCounts;
  /** Too old to be sent, as the configuration says. */
  readonly dropped: KindCounts;
  requests: number;
  retries: number;
  /** Posted, compressed. */
  bytes: number;
  /** Commits that found no room in memory. */
  full: number;
  /** Of the samples that came, milliseconds. */
  newestCome: number;
  /** Of the samples that were sent, milliseconds. */
  newestSent: number;
}

export class WriteQueue {
  readonly counts: WriteCounts = {
    sent: noneOfAnyKind(),
    failed: noneOfAnyKind(),
    retried: noneOfAnyKind(),
    dropped: noneOfAnyKind(),
    requests: 0,
    retries: 0,
    bytes: 0,
    full: 0,
    newestCome: 0,
    newestSent: 0,
  };
  readonly #parts: QueueParts;
  readonly #stop = new AbortController();
  #rows: OutgoingRow[] = [];
  #pending = 0;
  #shards: number;
  /** The first time that is to be read from the store; undefined while all that comes is kept in memory. */
  #behindFrom: number | undefined;
  /** What comes is left to the store because the memory for it is full, and not because the start reads the store. */
  #isFull = false;
  /** The first time of the window that is read from there now, until all of it is in memory. */
  #readFrom: number | undefined;
  #isClosing = false;
  #wake: () => void = () => undefined;
  readonly #running: Promise<void>;

  /** @param from the first time that was not sent before, milliseconds; undefined begins with what comes. */
  constructor(parts: QueueParts, from: number | undefined) {
    this.#parts = parts;
    this.#shards = parts.config.minShards;
    this.#behindFrom = from;
    this.#running = this.#run();
  }

  /** What waits in memory. */
  get pending(): KindCounts {
    return kindsIn(this.#rows);
  }

  get limits(): RemoteQueueConfig {
    return this.#parts.config;
  }

  get shards(): number {
    return this.#shards;
  }

  /** Since when samples wait in the store; undefined if none do. */
  get behindFrom(): number | undefined {
    const from = this.#firstInStore();
    return from === Infinity ? undefined : from;
  }

  add(rows: readonly OutgoingRow[]): void {
    if (rows.length === 0 || this.#isClosing) return;
    for (const { t } of rows) if (t > this.counts.newestCome) this.counts.newestCome = t;
    if (this.#behindFrom !== undefined) {
      if (this.#isFull) this.counts.full++;
      // A late sample among them is read back too.
      this.#behindFrom = earliest(rows, this.#behindFrom);
      return;
    }
    const { capacity, maxShards } = this.#parts.config;
    const count = samplesIn(rows);
    if (this.#pending + count > Math.min(PENDING_MAX, capacity * maxShards) && this.#pending > 0) {
      this.#behindFrom = earliest(rows);
      this.#isFull = true;
      this.counts.full++;
      this.#parts.log('warn', 'Remote write is behind; samples wait in the store', { pending: this.#pending });
      return;
    }
    for (const row of rows) this.#rows.push(row);
    this.#pending += count;
    if (this.#pending >= this.#parts.config.samplesPerSend) this.#wake();
  }

  /** Sends what waits in memory, for `drainMs` at most; the rest is sent after the next start. */
  async close(drainMs: number): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    const guard = setTimeout(() => this.#stop.abort(), drainMs);
    await this.#running;
    clearTimeout(guard);
    if (this.counts.newestSent > 0) this.#note(0);
  }

  async #run(): Promise<void> {
    const { samplesPerSend, sendDeadlineMs } = this.#parts.config;
    while (!this.#stop.signal.aborted) {
      if (this.#behindFrom !== undefined && this.#rows.length === 0 && !this.#isClosing) await this.#readBack();
      else if (!this.#isClosing && this.#pending < samplesPerSend) await this.#sleep(sendDeadlineMs);
      while (this.#rows.length > 0 && !this.#stop.signal.aborted) await this.#sendRound();
      if (this.#isClosing && this.#rows.length === 0) return;
    }
  }

  /** Until a full request waits, or the time is over. */
  async #sleep(ms: number): Promise<void> {
    const waking = new AbortController();
    this.#wake = () => waking.abort();
    await this.#parts.clock.sleepUntil(
      this.#parts.clock.now() + ms,
      AbortSignal.any([waking.signal, this.#stop.signal]),
    );
    this.#wake = () => undefined;
  }

  /** The oldest rows, in as many requests as may be under way. Returns once each was taken or refused. */
  async #sendRound(): Promise<void> {
    const { samplesPerSend } = this.#parts.config;
    const room = samplesPerSend * this.#shards;
    let taken = 0;
    let count = 0;
    const most = room * OVERFULL;
    while (taken < this.#rows.length && (taken === 0 || count + this.#rows[taken].series.length <= most))
      count += this.#rows[taken++].series.length;
    const round = this.#rows.slice(0, taken);
    const young = this.#youngOf(round);
    const results = await Promise.allSettled(
      requestsOf(young, this.#shards, this.#parts.encode).map((request) => this.#send(request)),
    );
    if (results.some(({ status }) => status === 'rejected')) return; // Stopped; the samples stay what they are.
    this.#rows.splice(0, taken);
    this.#pending -= count;
    // A round is full where a row more would not fit: rows seldom fill it to the last sample.
    this.#adapt(this.#rows.length > 0 && this.#pending > room);
    const newest = round.reduce((max, { t }) => Math.max(max, t), -Infinity);
    this.counts.newestSent = Math.max(this.counts.newestSent, newest);
    this.#note(LATE_MS_MAX);
  }

  #note(lateMs: number): void {
    const oldest = earliest(this.#rows, this.#firstInStore());
    this.#parts.onSent(Math.min(this.counts.newestSent - lateMs, oldest - 1));
  }

  #youngOf(rows: readonly OutgoingRow[]): readonly OutgoingRow[] {
    const { sampleAgeMs } = this.#parts.config;
    if (sampleAgeMs === 0) return rows;
    const oldest = this.#parts.clock.now() - sampleAgeMs;
    const young = rows.filter(({ t }) => t >= oldest);
    addKinds(this.counts.dropped, kindsIn(rows.filter(({ t }) => t < oldest)));
    return young;
  }

  async #send({ message, counts }: OutgoingRequest): Promise<void> {
    const { counts: all } = this;
    const delivery: Delivery = {
      posted: (bytes, ms) => {
        all.bytes += bytes;
        this.#parts.onPosted?.(ms);
      },
      retried() {
        all.retries++;
        addKinds(all.retried, counts);
      },
    };
    try {
      await this.#parts.send(message, this.#stop.signal, delivery);
      addKinds(all.sent, counts);
      all.requests++;
    } catch (fault) {
      if (!(fault instanceof WriteRefused)) throw fault;
      const [taken, refused] = [noneOfAnyKind(), noneOfAnyKind()];
      for (const kind of Object.keys(counts) as (keyof KindCounts)[]) {
        taken[kind] = Math.min(counts[kind], fault.written[kind]);
        refused[kind] = counts[kind] - taken[kind];
      }
      addKinds(all.sent, taken);
      addKinds(all.failed, refused);
      this.#parts.log('error', 'Samples refused by the remote write receiver; they are not sent again', {
        count: refused.samples + refused.histograms + refused.exemplars,
        err: fault,
      });
    }
  }

  /** More requests at a time while rounds are full and more waits, fewer when it is quiet. */
  #adapt(isBehind: boolean): void {
    const { minShards, maxShards } = this.#parts.config;
    this.#shards = isBehind ? Math.min(maxShards, this.#shards * 2) : Math.max(minShards, this.#shards - 1);
  }

  #firstInStore(): number {
    return Math.min(this.#behindFrom ?? Infinity, this.#readFrom ?? Infinity);
  }

  /**
   * More of what waits in the store, window by window. Where a window ends with now and is in memory as a whole, it was the last: from then on all is kept in
   * memory again.
   */
  async #readBack(): Promise<void> {
    const { clock, backlog, log } = this.#parts;
    const from = this.#behindFrom!;
    const isBegun = this.#readFrom !== undefined;
    this.#readFrom ??= from;
    const now = clock.now();
    try {
      const piece = backlog.next(from, now);
      // The store is read as it is now: what comes while the answer is on its way comes after it.
      this.#behindFrom = undefined;
      const { rows, maxTime, isLast, isWhole } = await piece;
      const late = this.#rows;
      if (isLast) this.#readFrom = undefined;
      if (isWhole && maxTime >= now) {
        this.#rows = [...rows, ...late];
        this.#isFull = false;
        backlog.end();
        log('info', 'Remote write has caught up');
      } else {
        this.#rows = [...rows];
        // Of a window that began before, `from` is where the next one begins, unless it ends sooner now.
        const rest = isBegun ? Math.min(from, maxTime + 1) : maxTime + 1;
        this.#behindFrom = earliest(late, Math.min(rest, this.#behindFrom ?? Infinity));
      }
      this.#pending = samplesIn(this.#rows);
    } catch (fault) {
      this.#behindFrom = earliest(this.#rows, Math.min(from, this.#firstInStore()));
      this.#readFrom = undefined;
      this.#rows = [];
      this.#pending = 0;
      log('error', 'The store could not be read for remote write; tried again', { err: fault });
      await this.#sleep(READ_RETRY_MS);
    }
  }
}

/** The earliest of these rows and of `or`. */
function earliest(rows: readonly OutgoingRow[], or = Infinity): number {
  return rows.reduce((min, { t }) => Math.min(min, t), or);
}

/** All remote write receivers of the configuration, each with its queue. */
import { createHash } from 'node:crypto';
import { WireWriter } from '../../shared/bytes/protobufWire.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { Metadata } from '../../shared/model/metadata.ts';
import type { RemoteWriteConfig } from '../config/config.ts';
import { hideUrlPassword } from '../config/masking.ts';
import { compileRelabel } from '../relabel/relabel.ts';
import type { Queryable } from '../storage/queryable.ts';
import type { Dials } from '../outbound/dials.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { Backlog } from './backlog.ts';
import type { Feed } from './feed.ts';
import { OutgoingNames, rowsOf } from './outgoing.ts';
import { METRIC_TYPES } from './prompb.ts';
import { Receiver, WriteRefused, type Delivery } from './receiver.ts';
import { request1Of } from './request1.ts';
import { request2Of } from './request2.ts';
import type { Encode } from './requestSamples.ts';
import { WriteQueue } from './writeQueue.ts';

/** Where it is remembered up to which time everything was sent; by receiver. */
export interface SentTimes {
  /** Milliseconds; undefined for a receiver that is new. */
  load(receiver: string): number | undefined;
  save(receiver: string, t: number): void;
}

export interface RemoteWriterDeps {
  readonly feed: Feed;
  readonly queryable: Queryable;
  readonly sentTimes: SentTimes;
  readonly clock: Clock;
  readonly log: Log;
  /** Where connections to receivers are counted. */
  readonly dials?: Dials;
  /** Hears how long each request with samples took, taken or not. */
  readonly observe?: (remote: Pick<RemoteStatus, 'name' | 'url'>, ms: number) => void;
}

/** What others may see of a receiver. */
export interface RemoteStatus {
  readonly name: string;
  /** Without its password. */
  readonly url: string;
  readonly queue: WriteQueue;
  readonly metadata: Readonly<MetadataCounts>;
}

/** Families that were sent apart from their series, and the bytes of their requests. */
export interface MetadataCounts {
  sent: number;
  failed: number;
  retried: number;
  bytes: number;
}

export interface RemoteWriter {
  /** Makes the running receivers those of the configuration; those that did not change go on undisturbed. */
  apply(configs: readonly RemoteWriteConfig[], externalLabels: Labels): Promise<void>;
  status(): readonly RemoteStatus[];
  /** Sends what waits in memory, for `drainMs` at most; the rest goes out after the next start. */
  close(drainMs: number): Promise<void>;
}

/** Between two complaints of the same receiver. */
const COMPLAIN_MS = 60_000;
/** A receiver that a reload takes away has this long to take what waits for it. */
const RETIRE_MS = 5_000;
/** Metric families in one request. */
const METADATA_PER_SEND = 2_000;

export function createRemoteWriter(deps: RemoteWriterDeps): RemoteWriter {
  let remotes = new Map<string, Remote>();
  return {
    async apply(configs, externalLabels) {
      const before = remotes;
      remotes = new Map();
      for (const config of configs) {
        const key = JSON.stringify([config, externalLabels]);
        if (remotes.has(key)) continue;
        const known = before.get(key);
        before.delete(key);
        // Two queues to one receiver would send twice: the old one ends before the new one starts.
        if (known === undefined)
          await closeAll(
            [...before.values()].filter(({ id }) => id === idOf(config)),
            RETIRE_MS,
          );
        remotes.set(key, known ?? new Remote(config, externalLabels, deps));
      }
      await closeAll(before.values(), RETIRE_MS);
    },
    status: () => [...remotes.values()],
    close: (drainMs) => closeAll(remotes.values(), drainMs),
  };
}

async function closeAll(remotes: Iterable<Remote>, drainMs: number): Promise<void> {
  await Promise.all([...remotes].map((remote) => remote.close(drainMs)));
}

/** The same for a receiver as long as its name, or its address where it has none, is. */
function idOf({ name, url }: RemoteWriteConfig): string {
  return createHash('sha1')
    .update(name === '' ? url : name)
    .digest('hex')
    .slice(0, 16);
}

class Remote implements RemoteStatus {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly queue: WriteQueue;
  readonly metadata: MetadataCounts = { sent: 0, failed: 0, retried: 0, bytes: 0 };
  readonly #receiver: Receiver;
  readonly #deps: RemoteWriterDeps;
  /** Says of which receiver it speaks. */
  readonly #log: Log;
  readonly #stopListening: () => void;
  readonly #stop = new AbortController();
  readonly #sendingMetadata: Promise<void>;
  #saidAt = -Infinity;
  #closed: Promise<void> | undefined;

  constructor(config: RemoteWriteConfig, externalLabels: Labels, deps: RemoteWriterDeps) {
    const { feed, queryable, sentTimes, clock } = deps;
    this.#deps = deps;
    this.id = idOf(config);
    this.name = config.name === '' ? this.id.slice(0, 6) : config.name;
    this.url = hideUrlPassword(config.url);
    this.#receiver = new Receiver(
      config,
      (fault) => this.#complain(fault),
      deps.dials?.named('remote_storage_write_client'),
    );
    const kinds = { histograms: config.sendNativeHistograms, exemplars: config.sendExemplars };
    const names = new OutgoingNames(compileRelabel(config.relabel), externalLabels, config.message);
    const sent = sentTimes.load(this.id);
    if (sent === undefined) sentTimes.save(this.id, clock.now());
    this.#log = (level, message, fields) => deps.log(level, message, { remote: this.name, url: this.url, ...fields });
    const parts = {
      config: config.queue,
      clock,
      log: this.#log,
      backlog: new Backlog(queryable, names, kinds),
      encode: config.message === 'prometheus.WriteRequest' ? request1Of : encoder2(queryable, clock),
      send: (message: Uint8Array, stop: AbortSignal, delivery: Delivery) =>
        this.#receiver.send(message, stop, delivery),
      onPosted: (ms: number) => deps.observe?.(this, ms),
      onSent: (t: number) => sentTimes.save(this.id, t),
    };
    this.queue = new WriteQueue(parts, sent === undefined ? undefined : sent + 1);
    this.#stopListening = feed.listen((committed) => this.queue.add(rowsOf(committed, names, kinds)));
    // In version 2 it goes with the series.
    const isApart = config.message === 'prometheus.WriteRequest' && config.metadataIntervalMs > 0;
    this.#sendingMetadata = isApart ? this.#sendMetadata(config.metadataIntervalMs) : Promise.resolve();
  }

  close(drainMs: number): Promise<void> {
    return (this.#closed ??= this.#close(drainMs));
  }

  async #close(drainMs: number): Promise<void> {
    this.#stopListening();
    this.#stop.abort();
    await this.queue.close(drainMs);
    await this.#sendingMetadata;
    await this.#receiver.close();
  }

  #complain(fault: unknown): void {
    const now = this.#deps.clock.now();
    if (now - this.#saidAt < COMPLAIN_MS) return;
    this.#saidAt = now;
    this.#log('warn', 'Samples not sent; tried again until they are taken', { err: fault });
  }

  async #sendMetadata(intervalMs: number): Promise<void> {
    const { clock, queryable } = this.#deps;
    const { signal } = this.#stop;
    for (;;) {
      await clock.sleepUntil(clock.now() + intervalMs, signal);
      if (signal.aborted) return;
      for (const request of metadataRequests(queryable)) {
        try {
          await this.#sendFamilies(request, signal);
        } catch (fault) {
          if (signal.aborted) return;
          if (!(fault instanceof WriteRefused)) throw fault;
          this.metadata.failed += request.families;
          this.#complain(fault);
        }
      }
    }
  }

  async #sendFamilies({ message, families }: MetadataRequest, signal: AbortSignal): Promise<void> {
    const { metadata } = this;
    await this.#receiver.send(message, signal, {
      posted: (bytes) => void (metadata.bytes += bytes),
      retried: () => void (metadata.retried += families),
    });
    metadata.sent += families;
  }
}

/** What the targets say of their families is looked up anew after this. */
const METADATA_AGE_MS_MAX = 60_000;

function encoder2(queryable: Queryable, clock: Clock): Encode {
  let families: ReadonlyMap<string, readonly Metadata[]> = new Map();
  let seenAt = -Infinity;
  return (samples, series) => {
    if (clock.now() - seenAt > METADATA_AGE_MS_MAX) {
      families = queryable.metadata();
      seenAt = clock.now();
    }
    return request2Of(samples, series, (family) => families.get(family)?.[0]);
  };
}

interface MetadataRequest {
  readonly message: Uint8Array;
  readonly families: number;
}

function* metadataRequests(queryable: Queryable): Generator<MetadataRequest> {
  const families = [...queryable.metadata()];
  for (let i = 0; i < families.length; i += METADATA_PER_SEND) {
    const out = new WireWriter();
    const some = families.slice(i, i + METADATA_PER_SEND);
    for (const [name, [{ type, help, unit }]] of some) {
      out.message(
        3,
        (family) => void family.int(1, METRIC_TYPES[type]).string(2, name).string(4, help).string(5, unit),
      );
    }
    yield { message: out.finish(), families: some.length };
  }
}

// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../../shared/bytes/snappyjs.d.ts" />
/** A server that is asked by remote read, as upstream asks: which queries concern it, and what it answers, in samples or in chunks. */
import { WireReader } from '../../../shared/bytes/protobufWire.ts';
import { labelsFrom, labelsKey, type Labels } from '../../../shared/model/labels.ts';
import type { Matcher } from '../../../shared/model/matchers.ts';
import type { RemoteReadConfig } from '../../config/config.ts';
import { readBody } from '../../outbound/body.ts';
import { headerText, OutboundClient, type Answer } from '../../outbound/client.ts';
import type { DialCounts } from '../../outbound/dials.ts';
import { fetchFault } from '../../outbound/httpFault.ts';
import type { ForeignSeries, OtherStore } from '../../storage/fanIn.ts';
import { SelectLimitError, type SelectSpec } from '../../storage/queryable.ts';
import { SAMPLES, STREAMED_XOR_CHUNKS } from '../prompb.ts';
import { readTimeSeries } from '../receive/writeRequest.ts';
import { readRequestOf } from './readRequest.ts';
import { SeriesSamplesBuffer, type SampleSink } from './seriesSamplesBuffer.ts';
import { streamedSeries } from './streamedSeries.ts';

/** Of an answer in samples, unfolded. */
const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;
const REASON_CHARS_MAX = 300;
const HEADERS = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'accept-encoding': 'snappy',
  'x-prometheus-remote-read-version': '0.1.0',
};

/** How chunks of Prometheus are read. */
export type DecodeChunk = (encoding: number, bytes: Uint8Array, sink: SampleSink) => void;

export class RemoteReader implements OtherStore {
  readonly #config: RemoteReadConfig;
  readonly #external: Labels;
  readonly #decode: DecodeChunk;
  readonly #client: OutboundClient;

  /** @param external the labels of this server, as others see it. */
  constructor(config: RemoteReadConfig, external: Labels, decode: DecodeChunk, dials?: DialCounts) {
    this.#config = config;
    this.#external = config.filterExternalLabels ? external : [];
    this.#decode = decode;
    this.#client = new OutboundClient(config.http, { dials });
  }

  concerns(spec: SelectSpec, localStart: number): SelectSpec | undefined {
    const { requiredMatchers, readRecent } = this.#config;
    const isThere = ([name, value]: Labels[number]) =>
      spec.matchers.some((m) => m.op === '=' && m.name === name && m.value === value);
    if (!requiredMatchers.every(isThere)) return undefined;
    if (readRecent) return spec;
    return spec.minTime > localStart ? undefined : { ...spec, maxTime: Math.min(spec.maxTime, localStart) };
  }

  async read(spec: SelectSpec): Promise<readonly ForeignSeries[]> {
    // Who asks for one of these labels itself means what it says.
    const added = this.#external.filter(([name]) => spec.matchers.every((matcher) => matcher.name !== name));
    const asked = [...spec.matchers, ...added.map(([name, value]): Matcher => ({ name, op: '=', value }))];
    const buffers = new Buffers(spec, new Set(added.map(([name]) => name)));
    const { url, timeoutMs } = this.#config;
    try {
      await this.#ask(asked, spec, buffers, AbortSignal.timeout(timeoutMs));
    } catch (fault) {
      if (fault instanceof SelectLimitError) throw fault;
      const { message } = this.#client.secrets.maskedError(fetchFault(fault, url));
      throw new Error(`remote read of ${new URL(url).host}: ${message}`, { cause: fault });
    }
    return buffers.series();
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #ask(matchers: readonly Matcher[], spec: SelectSpec, into: Buffers, signal: AbortSignal): Promise<void> {
    const { compress } = await import('snappyjs');
    const body = compress(readRequestOf(matchers, spec, [STREAMED_XOR_CHUNKS, SAMPLES]));
    const answer = await this.#client.post(this.#config.url, body, { ...this.#config.headers, ...HEADERS }, signal);
    if (answer.statusCode !== 200) {
      const told = this.#client.secrets.masked(await answer.body.text().catch(() => ''));
      const reason = told.trim().slice(0, REASON_CHARS_MAX);
      throw new Error(`it answers ${answer.statusCode}${reason === '' ? '' : `: ${reason}`}`);
    }
    if (headerText(answer.headers['content-type'])?.startsWith('application/x-streamed-protobuf') === true)
      await this.#takeChunks(answer, into);
    else await takeSamples(answer, into);
  }

  async #takeChunks({ body }: Answer, into: Buffers): Promise<void> {
    for await (const { labels, chunks } of streamedSeries(body)) {
      const buffer = into.of(labels);
      for (const { encoding, bytes } of chunks) this.#decode(encoding, bytes, buffer);
      into.check();
    }
  }
}

/** A `ReadResponse`. */
async function takeSamples({ body }: Answer, into: Buffers): Promise<void> {
  const { uncompress } = await import('snappyjs');
  const message = uncompress(await readBody(body, '', 0), MESSAGE_BYTES_MAX);
  for (const response = new WireReader(message); response.next();) {
    if (response.field !== 1) response.skip();
    else
      for (const result = response.message(); result.next();) {
        if (result.field !== 1) {
          result.skip();
          continue;
        }
        const { labels, samples, histograms } = readTimeSeries(result.bytes());
        const buffer = into.of(labels);
        for (const { t, low, high } of samples) buffer.float(t, low, high);
        for (const { t, histogram } of histograms) buffer.histogram(t, histogram);
        into.check();
      }
  }
}

/** The samples of an answer by series, under the labels that they have here. */
class Buffers {
  readonly #spec: SelectSpec;
  readonly #without: ReadonlySet<string>;
  readonly #bySeries = new Map<string, SeriesSamplesBuffer>();
  #last: SeriesSamplesBuffer | undefined;
  #samples = 0;

  constructor(spec: SelectSpec, without: ReadonlySet<string>) {
    this.#spec = spec;
    this.#without = without;
  }

  of(labels: Labels): SeriesSamplesBuffer {
    this.#samples += this.#last?.count ?? 0;
    const own = labelsFrom(labels.filter(([name]) => !this.#without.has(name)));
    const key = labelsKey(own);
    let buffer = this.#bySeries.get(key);
    if (buffer === undefined) this.#bySeries.set(key, (buffer = new SeriesSamplesBuffer(own, this.#spec)));
    this.#samples -= buffer.count;
    return (this.#last = buffer);
  }

  /** @throws SelectLimitError */
  check(): void {
    const { maxSamples = Infinity } = this.#spec;
    const samples = this.#samples + (this.#last?.count ?? 0);
    if (samples > maxSamples) throw new SelectLimitError(samples, maxSamples);
  }

  series(): ForeignSeries[] {
    return [...this.#bySeries.values()].filter(({ count }) => count > 0).map((buffer) => buffer.series());
  }
}

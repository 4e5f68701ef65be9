/** /federate of ours beside that of a Prometheus 3 which was written the same samples: content type and page for many Accept headers. */
import type { NativeHistogram } from '../../src/shared/histogram/native.ts';
import type { MemorySeries } from '../support/memoryQueryable.ts';
import { beside, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { writeRemotely } from '../support/remoteWritten.ts';
import { startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';

const NOW = Date.now();

const NATIVE: NativeHistogram = {
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 1,
  count: 9,
  sum: 12.5,
  positiveSpans: [
    { offset: 0, length: 2 },
    { offset: 1, length: 1 },
  ],
  positiveBuckets: Float64Array.of(2, 3, 1),
  negativeSpans: [{ offset: -1, length: 1 }],
  negativeBuckets: Float64Array.of(2),
  counterReset: 'unknown',
};
const CUSTOM: NativeHistogram = {
  ...NATIVE,
  schema: -53,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 6,
  customValues: Float64Array.of(0.5, 1, 2),
  positiveSpans: [{ offset: 0, length: 4 }],
  positiveBuckets: Float64Array.of(1, 2, 0, 3),
  negativeSpans: [],
  negativeBuckets: new Float64Array(),
};

const one = (labels: Record<string, string>, v: number | NativeHistogram): MemorySeries => ({
  labels: Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)),
  samples: [[NOW - 1_000, v]],
});

const SERIES: readonly MemorySeries[] = [
  one({ __name__: 'plain', job: 'a', instance: 'i' }, 1e21),
  one({ __name__: 'plain', job: 'b' }, -0.0000012),
  one({ __name__: 'plain', job: 'c', zone: 'own' }, Infinity),
  one({ __name__: 'plain', job: 'd', text: '"quoted"\\ two\nlines ü' }, NaN),
  one({ __name__: 'plain', job: 'e' }, 1_234_567.5),
  one({ __name__: 'plain', job: 'f' }, 1_000_000),
  one({ __name__: 'plain', job: 'g' }, 123_456),
  one({ __name__: 'plain', job: 'h' }, -0),
  one({ __name__: 'dotted.name_x', job: 'a', 'label.dotted': 'v', plain_label: 'p' }, 2),
  one({ __name__: 'ünï 😀', job: 'a', '1digit': 'v' }, 3),
  one({ __name__: '9lives:x', job: 'a' }, 4),
  one({ __name__: 'native', job: 'a' }, NATIVE),
  one({ __name__: 'native_gauge', job: 'a' }, { ...NATIVE, counterReset: 'gauge' }),
  one({ __name__: 'native_custom', job: 'a' }, CUSTOM),
  one({ __name__: 'mixed', job: 'a' }, 5),
  one({ __name__: 'mixed', job: 'b' }, NATIVE),
];

const PROTO = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

const ACCEPTS = [
  '',
  '*/*',
  'text/html',
  'text/plain',
  'text/plain;version=0.0.4',
  'text/plain;version=0.0.4;escaping=underscores',
  'text/plain;version=0.0.4;escaping=allow-utf-8',
  'text/plain;version=0.0.4;escaping=dots',
  'text/plain;version=0.0.4;escaping=values',
  'text/plain;version=0.0.4;escaping=unheard',
  'text/plain;version=1.0.0',
  'text/plain;version=1.0.0;escaping=allow-utf-8',
  'text/plain; version = 1.0.0 ; escaping = dots , text/plain',
  'application/openmetrics-text',
  'application/openmetrics-text;version=0.0.1',
  'application/openmetrics-text;version=1.0.0',
  'application/openmetrics-text;version=1.0.0;escaping=values,text/plain;version=0.0.4;q=0.5',
  PROTO,
  `${PROTO};escaping=allow-utf-8`,
  `${PROTO};escaping=dots`,
  `${PROTO};escaping=values`,
  `${PROTO};q=0.3,text/plain;version=0.0.4;q=0.5;escaping=allow-utf-8`,
  `text/plain;version=0.0.4;q=0.3,${PROTO};q=0.5;escaping=allow-utf-8`,
  `text/plain;version=1.0.0;escaping=allow-utf-8,${PROTO};q=0`,
  `text/plain,${PROTO}`,
  'application/vnd.google.protobuf',
  'application/vnd.google.protobuf;proto=another.Message;encoding=delimited',
  // As Prometheus 3 scrapes, with native histograms and without.
  `${PROTO};q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
];

/** One histogram at a time: of several float histograms Prometheus 3.14 answers with the last one for each. */
const MATCHES: readonly (readonly string[])[] = [
  ['{job=~".+", __name__!~"native.*"}'],
  ['plain', 'native'],
  ['native_gauge'],
  ['native_custom'],
  ['plain{job="a"}', 'plain{job=~"a|b"}', '{"dotted.name_x"}'],
  ['absent'],
  ['{job=~".*", __name__!~"native.*"}'],
  [],
];

beside({ prometheus: [3, 0] }, 'federation beside that of Prometheus 3 (needs version 3)', () => {
  let ours: Sidecar;
  let peer: PrometheusProcess;

  beforeAll(async () => {
    const folder = tempFolder();
    const config = "global: {external_labels: {zone: eu, 'dotted.external': x}}\n";
    writeConfig(folder, config);
    const flags = ['--web.enable-remote-write-receiver'];
    peer = await runPrometheus({ config, folder, flags });
    ours = await startSidecar(folder, flags);
    for (const { url } of [peer, ours]) await writeRemotely(url, SERIES);
  });
  afterAll(async () => {
    await ours?.stop();
    await peer?.stop();
  });

  const ask = async (url: string, matches: readonly string[], accept: string) => {
    const search = new URLSearchParams(matches.map((match) => ['match[]', match]));
    const answer = await fetch(`${url}/federate?${search}`, { headers: { accept } });
    const type = answer.headers.get('content-type');
    const body = new Uint8Array(await answer.arrayBuffer());
    const page = type?.startsWith('text/') ? Buffer.from(body).toString().split('\n').sort() : familiesOf(body);
    return { status: answer.status, type, page };
  };

  test.each(['text/plain', PROTO])('a page as %s is compressed where the client takes that', async (accept) => {
    const search = new URLSearchParams({ 'match[]': '{job=~".+"}' });
    for (const url of [peer.url, ours.url]) {
      const { headers } = await fetch(`${url}/federate?${search}`, { headers: { accept, 'accept-encoding': 'gzip' } });
      expect([headers.get('content-encoding'), headers.get('vary')]).toEqual(['gzip', 'Accept-Encoding']);
    }
  });

  test.each(ACCEPTS)('Accept: %s', async (accept) => {
    for (const matches of MATCHES) {
      const theirs = await ask(peer.url, matches, accept);
      if (matches === MATCHES[0]) expect(theirs.page.length).toBeGreaterThan(5);
      expect(await ask(ours.url, matches, accept)).toEqual(theirs);
    }
  });
});

/** Fields of a metric family that are messages, and those that are repeated numbers, by their way down. */
const MESSAGES = new Set(['4', '4.1', '4.5', '4.7', '4.7.3', '4.7.9', '4.7.12']);
const COUNTS = new Set(['4.7.11', '4.7.14']);

/** Delimited families as sorted texts, alike where only the encoding differs: zeros that are written or not, numbers packed or one by one. */
function familiesOf(bytes: Uint8Array): string[] {
  const families: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const { value, end } = varintAt(bytes, at);
    families.push(messageText(bytes.subarray(end, end + value), ''));
    at = end + value;
  }
  return families.sort();
}

function messageText(bytes: Uint8Array, within: string): string {
  const fields: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = varintAt(bytes, at);
    const way = `${within}${tag.value >>> 3}`;
    const first = varintAt(bytes, tag.end);
    const ends = { 0: first.end, 1: tag.end + 8, 2: first.end + first.value }[tag.value & 7];
    if (ends === undefined) throw new Error(`wire type ${tag.value & 7} at byte ${at}`);
    const content = bytes.subarray((tag.value & 7) === 2 ? first.end : tag.end, ends);
    if (MESSAGES.has(way)) fields.push(`${way}{${messageText(content, `${way}.`)}}`);
    else if (COUNTS.has(way))
      for (let i = 0; i < content.length; i += 8) fields.push(`${way}=${hex(content.subarray(i, i + 8))}`);
    else if (content.some((byte) => byte !== 0)) fields.push(`${way}=${hex(content)}`);
    at = ends;
  }
  // Counts and spans keep their order among themselves.
  const order = (text: string) => text.replace(/[={].*$/s, '');
  return (within.startsWith('4.7') ? fields.sort((a, b) => order(a).localeCompare(order(b))) : fields.sort()).join(' ');
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function varintAt(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let end = at, factor = 1; ; factor *= 128) {
    const byte = bytes[end++] ?? 0;
    value += (byte & 127) * factor;
    if (byte < 128) return { value, end };
  }
}

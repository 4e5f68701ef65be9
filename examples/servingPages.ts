/**
 * Pages of /metrics as serving systems write them (names, labels, units and buckets are theirs; the numbers are a made-up load): to see dashboards and
 * heatmaps of a system that one does not run.
 *
 *   node examples/servingPages.ts --port=8100      serves /vllm, /sglang, /tgi, /triton, /torchserve, /llamacpp, /dcgm
 */
import { createServer, type Server } from 'node:http';
import { parseArgs } from 'node:util';

/** Draws a number of a distribution each time. */
type Draw = () => number;

const normal: Draw = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const around =
  (median: number, spread: number): Draw =>
  () =>
    median * Math.exp(spread * normal());
/** Most are quick, some are slow. */
const mixed =
  (quick: Draw, slow: Draw, part: number): Draw =>
  () =>
    Math.random() < part ? slow() : quick();

class Histogram {
  readonly counts: number[];
  sum = 0;
  count = 0;
  readonly bounds: readonly number[];
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = bounds.map(() => 0);
  }
  observe(value: number): void {
    const bucket = this.bounds.findIndex((bound) => value <= bound);
    if (bucket >= 0) this.counts[bucket]++;
    this.sum += value;
    this.count++;
  }
}

interface Serving {
  /** Requests that came since the page was read last. */
  serve(requests: number): void;
  page(): string;
}

interface System {
  readonly path: string;
  /** Requests a second. */
  readonly rate: number;
  readonly servers: readonly Serving[];
}

const labelsText = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};
const family = (name: string, type: string, help: string, lines: readonly string[]): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.map((line) => `${line}\n`).join('')}`;
const one = (
  name: string,
  type: string,
  help: string,
  labels: Readonly<Record<string, string>>,
  value: number,
): string => family(name, type, help, [`${name}${labelsText(labels)} ${value}`]);

/** Python clients write whole bounds with a decimal, others do not. */
type Spelling = (bound: number) => string;
const python: Spelling = (bound) => (Number.isInteger(bound) ? bound.toFixed(1) : String(bound));

function histogram(
  name: string,
  help: string,
  labels: Readonly<Record<string, string>>,
  { bounds, counts, sum, count }: Histogram,
  spell: Spelling = python,
): string {
  let below = 0;
  const buckets = bounds.map(
    (bound, i) => `${name}_bucket${labelsText({ ...labels, le: spell(bound) })} ${(below += counts[i])}`,
  );
  return family(name, 'histogram', help, [
    ...buckets,
    `${name}_bucket${labelsText({ ...labels, le: '+Inf' })} ${count}`,
    `${name}_sum${labelsText(labels)} ${sum}`,
    `${name}_count${labelsText(labels)} ${count}`,
  ]);
}

const FIRST_TOKEN = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
];
const BETWEEN_TOKENS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
const REQUEST = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

/** vLLM 0.13. */
function vllm(model: string, slow: number): Serving {
  const labels = { engine: '0', model_name: model };
  const [first, between, whole, queue] = [FIRST_TOKEN, BETWEEN_TOKENS, REQUEST, REQUEST].map(
    (bounds) => new Histogram(bounds),
  );
  const draws = {
    first: mixed(around(0.07 * slow, 0.4), around(0.9 * slow, 0.5), 0.12),
    between: around(0.03 * slow, 0.35),
    queue: mixed(() => 0.001, around(0.6, 0.6), 0.2),
  };
  let [requests, tokens] = [0, 0];
  return {
    serve(n) {
      for (let i = 0; i < n; i++) {
        const [ttft, wait, length] = [draws.first(), draws.queue(), 40 + Math.floor(Math.random() * 60)];
        first.observe(ttft);
        queue.observe(wait);
        let time = ttft + wait;
        for (let k = 0; k < 12; k++) {
          const gap = draws.between();
          between.observe(gap);
          time += (gap * length) / 12;
        }
        whole.observe(time);
        tokens += length;
      }
      requests += n;
    },
    page: () =>
      one('vllm:num_requests_running', 'gauge', 'Number of requests in model execution batches.', labels, 3) +
      one(
        'vllm:num_requests_waiting',
        'gauge',
        'Number of requests waiting to be processed.',
        labels,
        Math.floor(Math.random() * 4),
      ) +
      one(
        'vllm:kv_cache_usage_perc',
        'gauge',
        'KV-cache usage. 1 means 100 percent usage.',
        labels,
        0.4 + 0.1 * Math.random(),
      ) +
      one('vllm:generation_tokens_total', 'counter', 'Number of generation tokens processed.', labels, tokens) +
      one(
        'vllm:request_success_total',
        'counter',
        'Count of successfully processed requests.',
        { ...labels, finished_reason: 'stop' },
        requests,
      ) +
      histogram('vllm:time_to_first_token_seconds', 'Histogram of time to first token in seconds.', labels, first) +
      histogram('vllm:inter_token_latency_seconds', 'Histogram of inter-token latency in seconds.', labels, between) +
      histogram('vllm:e2e_request_latency_seconds', 'Histogram of e2e request latency in seconds.', labels, whole) +
      histogram(
        'vllm:request_queue_time_seconds',
        'Histogram of time spent in WAITING phase for request.',
        labels,
        queue,
      ),
  };
}

/** Its queue time has a bucket for 0. */
function sglang(model: string): Serving {
  const labels = { model_name: model, engine_type: 'unified', tp_rank: '0', pp_rank: '0' };
  const first = new Histogram([0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400]);
  const queue = new Histogram([0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 600, 3000]);
  const between = new Histogram([
    0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.06, 0.08, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2,
    4, 6, 8,
  ]);
  const [drawFirst, drawBetween] = [around(0.3, 0.6), around(0.012, 0.4)];
  return {
    serve(n) {
      for (let i = 0; i < n; i++) {
        first.observe(drawFirst());
        queue.observe(Math.random() < 0.7 ? 0 : around(0.4, 0.8)());
        for (let k = 0; k < 8; k++) between.observe(drawBetween());
      }
    },
    page: () =>
      one('sglang:num_running_reqs', 'gauge', 'The number of running requests.', labels, 5) +
      one('sglang:token_usage', 'gauge', 'The token usage.', labels, 0.3) +
      histogram('sglang:time_to_first_token_seconds', 'Histogram of time to first token in seconds.', labels, first) +
      histogram('sglang:inter_token_latency_seconds', 'Histogram of inter-token latency in seconds.', labels, between) +
      histogram('sglang:queue_time_seconds', 'Histogram of queueing time in seconds.', labels, queue),
  };
}

/** Text Generation Inference: buckets by the power of 1.5, no unit in the name, bounds as Rust writes them. */
function tgi(): Serving {
  const bounds = Array.from({ length: 35 }, (_, i) => 0.0001 * 1.5 ** (i + 1));
  const whole = new Histogram(bounds);
  const draw = mixed(around(0.8, 0.4), around(6, 0.3), 0.1);
  return {
    serve(n) {
      for (let i = 0; i < n; i++) whole.observe(draw());
    },
    page: () =>
      one('tgi_request_count', 'counter', 'Requests.', {}, whole.count) +
      one('tgi_queue_size', 'gauge', 'Queued requests.', {}, 1) +
      histogram('tgi_request_duration', 'Duration of requests.', {}, whole, String),
  };
}

/** Cumulative microseconds and a count: no histogram. */
function triton(model: string, mean: number): Serving {
  const labels = { model, version: '1' };
  let [count, us] = [0, 0];
  return {
    serve(n) {
      for (let i = 0; i < n; i++) us += Math.round(around(mean, 0.2)());
      count += n;
    },
    page: () =>
      one(
        'nv_inference_request_success',
        'counter',
        'Number of successful inference requests, all batch sizes',
        labels,
        count,
      ) +
      one('nv_inference_count', 'counter', 'Number of inferences performed', labels, count) +
      one('nv_inference_exec_count', 'counter', 'Number of model executions performed', labels, Math.ceil(count / 3)) +
      one(
        'nv_inference_request_duration_us',
        'counter',
        'Cumulative inference request duration in microseconds',
        labels,
        us,
      ) +
      one(
        'nv_inference_pending_request_count',
        'gauge',
        'Instantaneous number of pending requests awaiting execution per-model.',
        labels,
        0,
      ),
  };
}

function torchserve(model: string, mean: number): Serving {
  const labels = { model_name: model, model_version: '1.0', hostname: 'serve-0' };
  let [count, us] = [0, 0];
  return {
    serve(n) {
      for (let i = 0; i < n; i++) us += around(mean, 0.3)();
      count += n;
    },
    page: () =>
      one('ts_inference_requests_total', 'counter', 'Total number of inference requests.', labels, count) +
      one('ts_inference_latency_microseconds', 'counter', 'Cumulative inference duration in microseconds', labels, us) +
      one('ts_queue_latency_microseconds', 'counter', 'Cumulative queue duration in microseconds', labels, us / 9),
  };
}

function llamacpp(): Serving {
  let [tokens, seconds] = [0, 0];
  return {
    serve(n) {
      tokens += n * 120;
      for (let i = 0; i < n; i++) seconds += around(2.2, 0.2)();
    },
    page: () =>
      one('llamacpp:tokens_predicted_total', 'counter', 'Number of generation tokens processed.', {}, tokens) +
      one('llamacpp:tokens_predicted_seconds_total', 'counter', 'Predict process time', {}, seconds) +
      one('llamacpp:requests_processing', 'gauge', 'Number of requests processing.', {}, 1),
  };
}

function dcgm(gpus: number): Serving {
  const labels = (gpu: number) => ({
    gpu: String(gpu),
    UUID: `GPU-${gpu}`,
    device: `nvidia${gpu}`,
    modelName: 'NVIDIA H100',
    Hostname: 'node-1',
  });
  const all = (name: string, help: string, value: (gpu: number) => number): string =>
    family(
      name,
      'gauge',
      help,
      Array.from({ length: gpus }, (_, gpu) => `${name}${labelsText(labels(gpu))} ${value(gpu)}`),
    );
  return {
    serve: () => undefined,
    page: () =>
      all('DCGM_FI_DEV_GPU_UTIL', 'GPU utilization (in %).', (gpu) =>
        Math.max(0, Math.min(100, Math.round((gpu % 4 === 3 ? 20 : 85) + 8 * normal()))),
      ) +
      all('DCGM_FI_DEV_FB_USED', 'Framebuffer memory used (in MiB).', () => 61_000) +
      all('DCGM_FI_DEV_POWER_USAGE', 'Power draw (in W).', () => 420 + 30 * normal()),
  };
}

export const SERVING_SYSTEMS: readonly System[] = [
  { path: 'vllm', rate: 40, servers: [vllm('mistral-24b', 1), vllm('qwen-32b', 2.4)] },
  { path: 'sglang', rate: 30, servers: [sglang('llama-70b')] },
  { path: 'tgi', rate: 20, servers: [tgi()] },
  {
    path: 'triton',
    rate: 120,
    servers: ['resnet50', 'bert', 'ranker'].map((model, i) => triton(model, 3_000 * (i + 1))),
  },
  {
    path: 'torchserve',
    rate: 60,
    servers: ['classifier', 'detector'].map((model, i) => torchserve(model, 9_000 * (i + 1))),
  },
  { path: 'llamacpp', rate: 2, servers: [llamacpp()] },
  { path: 'dcgm', rate: 0, servers: [dcgm(8)] },
];

/** One page of several servers: families come once, with the series of all. */
function joinedPage(servers: readonly Serving[]): string {
  const families = new Map<string, { head: string; lines: string[] }>();
  for (const server of servers) {
    for (const text of server.page().split(/^(?=# HELP )/m)) {
      const [help, type, ...lines] = text.trimEnd().split('\n');
      const known = families.get(type);
      if (known === undefined) families.set(type, { head: `${help}\n${type}`, lines });
      else known.lines.push(...lines);
    }
  }
  return [...families.values()].map(({ head, lines }) => `${head}\n${lines.join('\n')}\n`).join('');
}

/** Each page shows what its servers did since it was read last. */
export function serveServingPages(port: number): Promise<Server> {
  const readAt = new Map<string, number>();
  const server = createServer((request, response) => {
    const system = SERVING_SYSTEMS.find(({ path }) => request.url?.split('?')[0] === `/${path}`);
    if (system === undefined) {
      response
        .writeHead(404, { 'content-type': 'text/plain' })
        .end(`pages: ${SERVING_SYSTEMS.map(({ path }) => `/${path}`).join(' ')}\n`);
      return;
    }
    const now = Date.now();
    const seconds = Math.min(60, (now - (readAt.get(system.path) ?? now - 1_000)) / 1000);
    readAt.set(system.path, now);
    for (const one of system.servers)
      one.serve(Math.round((system.rate * seconds * (0.8 + 0.4 * Math.random())) / system.servers.length));
    response
      .writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      .end(joinedPage(system.servers));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

if (process.argv[1]?.endsWith('servingPages.ts')) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '8100' } } });
  void serveServingPages(Number(values.port)).then(() => {
    for (const { path } of SERVING_SYSTEMS) console.log(`http://127.0.0.1:${values.port}/${path}`);
  });
}

/** A service with a counter, a gauge and a histogram that never change: whoever scrapes it, and when, has the same values. */
import { createServer } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface ScrapedService {
  /** host:port. */
  readonly address: string;
  close(): void;
}

export async function startScrapedService(): Promise<ScrapedService> {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'requests_total', help: 'Requests.', labelNames: ['route'], registers }).inc({ route: '/a' }, 3);
  const latency = new Histogram({ name: 'latency_seconds', help: 'Latency.', buckets: [0.1, 2.5], registers });
  latency.observe(0.5);
  new Gauge({ name: 'temperature', help: 'Warmth.', registers }).set(-1.5);
  const server = createServer((_, answer) => {
    void registry.metrics().then((page) => answer.setHeader('content-type', registry.contentType).end(page));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { address: `127.0.0.1:${port}`, close: () => void server.close() };
}

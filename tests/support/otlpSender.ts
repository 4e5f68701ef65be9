/**
 * A program with the OpenTelemetry SDK, as an application has it: records with instruments of every kind, and sends what one reader collects to each of
 * the receivers. `node otlpSender.ts json|protobuf URL…`. Jest has no dynamic imports, which the exporters want.
 */
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationType, MeterProvider, MetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';

/** Collects when it is told to. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const [format, ...urls] = process.argv.slice(2);
const Exporter = format === 'json' ? JsonExporter : ProtobufExporter;
const exporters: PushMetricExporter[] = urls.map((url) => new Exporter({ url, compression: 'gzip' as never }));

const reader = new Reader();
const provider = new MeterProvider({
  resource: resourceFromAttributes({
    'service.name': 'sdk',
    'service.instance.id': 'one',
    'deployment.environment': 'test',
  }),
  readers: [reader],
  views: [{ instrumentName: 'exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
});
const meter = provider.getMeter('models', '2.0');
const counter = meter.createCounter('requests', { unit: '{request}', description: 'What came in.' });
const latency = meter.createHistogram('latency', { unit: 's', advice: { explicitBucketBoundaries: [0.01, 0.1, 1] } });
const exponential = meter.createHistogram('exponential', { unit: 'ms' });
const active = meter.createUpDownCounter('active');
meter
  .createObservableGauge('temperature', { unit: 'Cel' })
  .addCallback((result) => result.observe(36.6, { at: 'gpu.0' }));

for (let round = 1; round <= 3; round++) {
  counter.add(round, { route: '/v1/predict', 'http.status_code': 200 });
  for (let i = 0; i < 50; i++) {
    latency.record((i * round) / 40, { model: 'm1' });
    exponential.record(1.7 ** (i / 2) - 1, { model: 'm1' });
  }
  active.add(round % 2 === 0 ? -1 : 2);
  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length > 0) throw new Error(`could not collect: ${String(errors[0])}`);
  for (const exporter of exporters) await exported(exporter, resourceMetrics);
}
await Promise.all(exporters.map((exporter) => exporter.shutdown()));
await provider.shutdown();

function exported(exporter: PushMetricExporter, metrics: Parameters<PushMetricExporter['export']>[0]): Promise<void> {
  return new Promise((resolve, reject) =>
    exporter.export(metrics, ({ code, error }) =>
      code === 0 ? resolve() : reject(error ?? new Error(`code ${code}`)),
    ),
  );
}

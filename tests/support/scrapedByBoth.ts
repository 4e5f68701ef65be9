/** Ours and a Prometheus that scrape the same service and evaluate the same rules. */
import { runPrometheus, type PrometheusProcess } from './prometheusProcess.ts';
import { startScrapedService } from './scrapedService.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from './sidecar.ts';

const RULES = `groups:
  - name: g
    rules:
      - {record: 'job:requests:sum', expr: 'sum by (job) (requests_total)'}
      - {alert: Cold, expr: 'temperature < 0', labels: {severity: page}, annotations: {summary: 'it is {{ $value }}'}}
`;

export interface ScrapedByBoth {
  readonly ours: Sidecar;
  readonly peer: PrometheusProcess;
  /** Whole seconds; both have samples there and in the 3 s before. */
  readonly at: number;
  /** The file of the one rule group, g. */
  readonly rulesFile: string;
  stop(): Promise<void>;
}

/** Resolves once both have seven samples of the service, and the alert. Stop it before the test ends. */
export async function startScrapedByBoth(): Promise<ScrapedByBoth> {
  const service = await startScrapedService();
  const stops: (() => unknown)[] = [() => service.close()];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const folder = tempFolder();
    const rulesFile = writeConfig(folder, RULES, 'rules.yml');
    const config = `global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: ['rules.yml']
scrape_configs: [{job_name: app, static_configs: [{targets: ['${service.address}']}]}]
`;
    writeConfig(folder, config);
    const peer = await runPrometheus({ config, folder });
    stops.push(() => peer.stop());
    const ours = await startSidecar(folder);
    stops.push(() => ours.stop());
    for (const url of [ours.url, peer.url]) {
      await until(async () => {
        const answer = await api(url, '/query?query=count_over_time(requests_total[1m])%20and%20on()%20ALERTS');
        return Number(answer.data?.result?.[0]?.value[1] ?? 0) >= 7;
      });
    }
    return { ours, peer, at: Math.floor(Date.now() / 1000), rulesFile, stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

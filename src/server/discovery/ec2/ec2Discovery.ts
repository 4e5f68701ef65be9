/** Targets from the instances of an AWS region. */
import type { Labels } from '../../../shared/model/labels.ts';
import { NO_LABELS } from '../../../shared/model/labels.ts';
import type { Ec2SdConfig } from '../../config/discoveryConfig.ts';
import { createRefresher } from '../refresher.ts';
import type { DialCounts } from '../../outbound/dials.ts';
import type { Discoverer, DiscoveryDeps, TargetGroup } from '../targetGroup.ts';
import { AwsClient, AwsError, awsUrl } from './awsClient.ts';
import { CredentialSource, type Environment } from './credentials.ts';
import { instanceTarget } from './instanceLabels.ts';
import { child, items, textAt, type XmlElement } from './xml.ts';

const API_VERSION = '2016-11-15';
/** As many as one answer may hold. */
const INSTANCES_A_PAGE = 1000;
const PAGES_MAX = 1000;
/** Codes after which the keys are looked for anew. */
const REFUSED: ReadonlySet<string> = new Set(['AuthFailure', 'UnauthorizedOperation', 'RequestExpired']);

export function createEc2Discoverer(
  config: Ec2SdConfig,
  deps: DiscoveryDeps,
  env: Environment = process.env,
): Discoverer {
  const finder = new InstanceFinder(config, env, deps.dials?.named('ec2_sd'));
  return createRefresher(
    {
      mechanism: 'ec2',
      source: `ec2 ${config.region || 'of this region'}`,
      intervalMs: config.refreshIntervalMs,
      find: (signal) => finder.find(signal),
      close: () => finder.close(),
    },
    deps,
  );
}

class InstanceFinder {
  private readonly config: Ec2SdConfig;
  private readonly env: Environment;
  private readonly client: AwsClient;
  private source: CredentialSource;
  private region = '';
  private zoneIds: ReadonlyMap<string, string> | undefined;

  constructor(config: Ec2SdConfig, env: Environment, dials: DialCounts | undefined) {
    this.config = config;
    this.env = env;
    this.client = new AwsClient(config.http, dials);
    this.source = new CredentialSource(config, this.client, env);
  }

  async find(signal: AbortSignal): Promise<readonly TargetGroup[]> {
    try {
      this.region ||= await this.source.region(signal);
      this.zoneIds ??= await this.readZones(signal);
      return [{ source: this.region, targets: await this.readInstances(signal), labels: NO_LABELS }];
    } catch (error) {
      if (error instanceof AwsError && REFUSED.has(error.code))
        this.source = new CredentialSource(this.config, this.client, this.env);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  private async readInstances(signal: AbortSignal): Promise<Labels[]> {
    const targets: Labels[] = [];
    const { port, filters } = this.config;
    const form: Record<string, string> = { MaxResults: String(INSTANCES_A_PAGE) };
    filters.forEach(({ name, values }, i) => {
      form[`Filter.${i + 1}.Name`] = name;
      values.forEach((value, j) => (form[`Filter.${i + 1}.Value.${j + 1}`] = value));
    });
    for (let page = 0, next = ''; page === 0 || (next !== '' && page < PAGES_MAX); page++) {
      const answer = await this.call('DescribeInstances', next === '' ? form : { ...form, NextToken: next }, signal);
      for (const reservation of items(answer, 'reservationSet')) {
        const context = { region: this.region, port, ownerId: textAt(reservation, 'ownerId'), zoneIds: this.zoneIds! };
        for (const instance of items(reservation, 'instancesSet')) {
          const target = instanceTarget(instance, context);
          if (target !== undefined) targets.push(target);
        }
      }
      next = textAt(answer, 'nextToken');
    }
    return targets;
  }

  /** Who may see instances may not be allowed to see zones: their ids are then left out. */
  private async readZones(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    try {
      const zones = items(await this.call('DescribeAvailabilityZones', {}, signal), 'availabilityZoneInfo');
      return new Map(zones.map((zone) => [textAt(zone, 'zoneName'), textAt(zone, 'zoneId')]));
    } catch (error) {
      if (error instanceof AwsError) return new Map();
      throw error;
    }
  }

  private async call(action: string, form: Readonly<Record<string, string>>, signal: AbortSignal): Promise<XmlElement> {
    const { region } = this;
    const url = this.config.endpoint ?? awsUrl('ec2', region);
    const credentials = await this.source.credentials(region, signal);
    const call = { url, service: 'ec2', version: API_VERSION, action, form };
    const answer = await this.client.call(call, { region, credentials, signal });
    if (child(answer, 'Errors') !== undefined) throw new Error(`${action}: an answer with errors`);
    return answer;
  }
}

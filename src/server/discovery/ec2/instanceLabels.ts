/** An instance of DescribeInstances as a target. Names and rules as upstream has them. */
import { labelsOf, type Labels } from '../../../shared/model/labels.ts';
import { hostPort, prefixed } from '../metaLabels.ts';
import { items, textAt, type XmlElement } from './xml.ts';

const META = '__meta_ec2_';

export interface InstanceContext {
  readonly region: string;
  readonly port: number;
  readonly ownerId: string;
  /** Availability zones' ids by their names. */
  readonly zoneIds: ReadonlyMap<string, string>;
}

/** Labels by where they stand in the answer. */
const PLAIN: readonly (readonly [label: string, ...path: string[]])[] = [
  ['instance_id', 'instanceId'],
  ['private_ip', 'privateIpAddress'],
  ['private_dns_name', 'privateDnsName'],
  ['platform', 'platform'],
  ['ami', 'imageId'],
  ['availability_zone', 'placement', 'availabilityZone'],
  ['instance_state', 'instanceState', 'name'],
  ['instance_type', 'instanceType'],
  ['instance_lifecycle', 'instanceLifecycle'],
  ['architecture', 'architecture'],
  ['vpc_id', 'vpcId'],
];

/** undefined for an instance without an address. */
export function instanceTarget(instance: XmlElement, context: InstanceContext): Labels | undefined {
  const at = (...path: string[]) => textAt(instance, ...path);
  const networks = items(instance, 'networkInterfaceSet');
  const { primary, all } = ipv6Of(networks);
  const ipv6 = [...primary, ...all].find((address) => address !== '') ?? '';
  const ip = at('privateIpAddress') || ipv6;
  if (ip === '') return undefined;
  const publicIp = at('ipAddress');
  const inVpc = at('vpcId') !== '';
  const subnets = [...new Set(networks.map((network) => textAt(network, 'subnetId')).filter((id) => id !== ''))];
  const tags = Object.fromEntries(items(instance, 'tagSet').map((tag) => [textAt(tag, 'key'), textAt(tag, 'value')]));
  return labelsOf({
    __address__: hostPort(ip, context.port),
    [`${META}region`]: context.region,
    [`${META}owner_id`]: context.ownerId,
    ...Object.fromEntries(PLAIN.map(([label, ...path]) => [META + label, at(...path)])),
    [`${META}availability_zone_id`]: context.zoneIds.get(at('placement', 'availabilityZone')) ?? '',
    [`${META}default_ipv6_address`]: ipv6,
    [`${META}primary_ipv6_addresses`]: listed(primary),
    [`${META}ipv6_addresses`]: listed(all),
    [`${META}public_ip`]: publicIp,
    [`${META}public_dns_name`]: publicIp === '' ? '' : at('dnsName'),
    [`${META}primary_subnet_id`]: inVpc ? at('subnetId') : '',
    [`${META}subnet_id`]: inVpc ? listed(subnets, true) : '',
    ...prefixed(`${META}tag_`, tags),
  });
}

/** Primary addresses stand where their network's device index says, with gaps for those that have none. */
function ipv6Of(networks: readonly XmlElement[]): { primary: readonly string[]; all: readonly string[] } {
  const primary: string[] = [];
  const all: string[] = [];
  for (const network of networks.filter((one) => textAt(one, 'subnetId') !== '')) {
    for (const item of items(network, 'ipv6AddressesSet')) {
      const address = textAt(item, 'ipv6Address');
      all.push(address);
      if (textAt(item, 'isPrimaryIpv6') === 'true')
        primary[Number(textAt(network, 'attachment', 'deviceIndex'))] = address;
    }
  }
  return { primary: Array.from(primary, (address) => address ?? ''), all };
}

/** With a comma on both sides, so that patterns can find a whole entry. */
function listed(values: readonly string[], evenEmpty = false): string {
  return values.length > 0 || evenEmpty ? `,${values.join(',')},` : '';
}

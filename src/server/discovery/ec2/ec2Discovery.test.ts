import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressesOf, follow } from '../../../../tests/support/discovered.ts';
import type { Ec2SdConfig } from '../../config/discoveryConfig.ts';
import { parseConfig } from '../../config/load.ts';
import { signV4 } from '../../outbound/sigv4.ts';
import type { Discoverer } from '../targetGroup.ts';
import { createEc2Discoverer } from './ec2Discovery.ts';
import { parseXml, textAt } from './xml.ts';

const dir = mkdtempSync(join(tmpdir(), 'isotherm-ec2-'));
const SECRETS: Record<string, string> = {
  AKID: 'own-secret',
  ENVID: 'env-secret',
  FILEID: 'file-secret',
  ROLE: 'role-secret',
  BOX: 'box-secret',
};
const XMLNS = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';

/** As DescribeInstances answers. */
const instance = (id: string, more: string) => `<item><instanceId>${id}</instanceId><imageId>ami-1</imageId>
  <instanceState><code>16</code><name>running</name></instanceState><instanceType>g5.xlarge</instanceType>
  <placement><availabilityZone>eu-west-1a</availabilityZone><tenancy>default</tenancy></placement>
  <architecture>x86_64</architecture>${more}</item>`;
const FULL = instance(
  'i-1',
  `<privateDnsName>ip-10-0-0-5.internal</privateDnsName><dnsName>ec2-1-2-3-4.example</dnsName>
  <privateIpAddress>10.0.0.5</privateIpAddress><ipAddress>1.2.3.4</ipAddress><vpcId>vpc-1</vpcId><subnetId>subnet-a</subnetId>
  <instanceLifecycle>spot</instanceLifecycle><platform>windows</platform>
  <networkInterfaceSet>
    <item><subnetId>subnet-a</subnetId><attachment><deviceIndex>0</deviceIndex></attachment><ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address><isPrimaryIpv6>false</isPrimaryIpv6></item></ipv6AddressesSet></item>
    <item><subnetId>subnet-b</subnetId><attachment><deviceIndex>1</deviceIndex></attachment><ipv6AddressesSet><item><ipv6Address>2001:db8::2</ipv6Address><isPrimaryIpv6>true</isPrimaryIpv6></item></ipv6AddressesSet></item>
  </networkInterfaceSet>
  <tagSet><item><key>Name</key><value>predict &amp; score</value></item><item><key>team/owner</key><value/></item></tagSet>`,
);
const BARE = instance('i-2', '<privateIpAddress>10.0.0.6</privateIpAddress>');
const V6 = instance(
  'i-3',
  '<vpcId>vpc-1</vpcId><subnetId>subnet-a</subnetId><networkInterfaceSet><item><subnetId>subnet-a</subnetId><attachment><deviceIndex>0</deviceIndex></attachment><ipv6AddressesSet><item><ipv6Address>2001:db8::3</ipv6Address><isPrimaryIpv6>false</isPrimaryIpv6></item></ipv6AddressesSet></item></networkInterfaceSet>',
);
const STOPPED = instance('i-4', '');
const reservations = (...instances: string[]) =>
  `<reservationSet><item><reservationId>r-1</reservationId><ownerId>123456789012</ownerId><instancesSet>${instances.join('')}</instancesSet></item></reservationSet>`;

let server: Server;
let url: string;
let asked: Record<string, string>[];
let zonesAllowed = true;
const started: Discoverer[] = [];

beforeEach(async () => {
  asked = [];
  zonesAllowed = true;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => {
      if (request.url?.startsWith('/latest'))
        return metadata(request.method!, request.url, request.headers['x-aws-ec2-metadata-token'], (status, text) =>
          response.writeHead(status).end(text),
        );
      const form = Object.fromEntries(new URLSearchParams(body));
      asked.push(form);
      const fault = signatureFault(request.headers as Record<string, string>, body);
      const answer = fault === undefined ? answerTo(form) : undefined;
      if (answer === undefined)
        return response
          .writeHead(401)
          .end(
            `<Response><Errors><Error><Code>AuthFailure</Code><Message>${fault ?? 'not allowed'}</Message></Error></Errors></Response>`,
          );
      response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${answer}`);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(() => {
  for (const discoverer of started.splice(0)) discoverer.stop();
  server.closeAllConnections();
  server.close();
});

/** The server signs the same request with the secret that it knows. */
function signatureFault(headers: Record<string, string>, body: string): string | undefined {
  const [, accessKey, region, service] = /Credential=(\w+)\/\d+\/([\w-]+)\/(\w+)\//.exec(headers.authorization) ?? [];
  const t = headers['x-amz-date'].replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const request = { url, body, contentType: headers['content-type'], region, service, now: Date.parse(t) };
  const credentials = { accessKey, secretKey: SECRETS[accessKey], sessionToken: headers['x-amz-security-token'] };
  return signV4(request, credentials).authorization === headers.authorization ? undefined : 'signature does not match';
}

function answerTo(form: Record<string, string>): string | undefined {
  if (form.Action === 'AssumeRole')
    return `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>session</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
  if (form.Action === 'DescribeAvailabilityZones')
    return zonesAllowed
      ? `<DescribeAvailabilityZonesResponse ${XMLNS}><availabilityZoneInfo><item><zoneName>eu-west-1a</zoneName><zoneId>euw1-az3</zoneId></item></availabilityZoneInfo></DescribeAvailabilityZonesResponse>`
      : undefined;
  const page =
    form.NextToken === 'two' ? `${reservations(V6, STOPPED)}` : `${reservations(FULL)}${''}<nextToken>two</nextToken>`;
  const first = page.replace(
    '</instancesSet>',
    form.NextToken === 'two' ? '</instancesSet>' : `${BARE}</instancesSet>`,
  );
  return `<DescribeInstancesResponse ${XMLNS}><requestId>x</requestId>${first}</DescribeInstancesResponse>`;
}

function metadata(
  method: string,
  path: string,
  token: string | string[] | undefined,
  answer: (status: number, text: string) => void,
): void {
  const roles = '/latest/meta-data/iam/security-credentials/';
  if (method === 'PUT' && path === '/latest/api/token') return answer(200, 'metadata-token');
  if (token !== 'metadata-token') return answer(401, '');
  if (path === '/latest/meta-data/placement/region') return answer(200, 'eu-west-1');
  if (path === roles) return answer(200, 'box-role');
  const keys = {
    AccessKeyId: 'BOX',
    SecretAccessKey: 'box-secret',
    Token: 'box-token',
    Expiration: '2999-01-01T00:00:00Z',
  };
  return path === `${roles}box-role` ? answer(200, JSON.stringify(keys)) : answer(404, '');
}

function discover(lines: Record<string, unknown>, env: Record<string, string> = {}) {
  const entry = { region: 'eu-west-1', port: '9400', endpoint: url, refresh_interval: '1s', ...lines };
  const text = JSON.stringify({ scrape_configs: [{ job_name: 'a', ec2_sd_configs: [entry] }] });
  const [config] = parseConfig(text, { dir, path: 'test.yml' }).scrapeConfigs[0].discovery;
  const faults: string[] = [];
  const none = {
    AWS_SHARED_CREDENTIALS_FILE: join(dir, 'none'),
    AWS_ENDPOINT_URL_STS: url,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: url.slice(0, -1),
  };
  const discoverer = createEc2Discoverer(
    config as Ec2SdConfig,
    { onFault: (_, why) => faults.push(why) },
    { ...none, ...env },
  );
  started.push(discoverer);
  return { faults, until: follow(discoverer) };
}

const OWN = { access_key: 'AKID', secret_key: 'own-secret' };

test('instances of all pages become targets with what EC2 says of them', async () => {
  const filters = [{ name: 'tag:x', values: ['a', 'b c'] }];
  const targets = await discover({ ...OWN, filters }).until((found) => found.length === 3);
  expect(addressesOf(targets)).toBe('10.0.0.5:9400,10.0.0.6:9400,[2001:db8::3]:9400');
  const meta = '__meta_ec2_';
  expect(targets[0]).toEqual({
    __address__: '10.0.0.5:9400',
    [`${meta}ami`]: 'ami-1',
    [`${meta}architecture`]: 'x86_64',
    [`${meta}availability_zone`]: 'eu-west-1a',
    [`${meta}availability_zone_id`]: 'euw1-az3',
    [`${meta}default_ipv6_address`]: '2001:db8::2',
    [`${meta}instance_id`]: 'i-1',
    [`${meta}instance_lifecycle`]: 'spot',
    [`${meta}instance_state`]: 'running',
    [`${meta}instance_type`]: 'g5.xlarge',
    [`${meta}ipv6_addresses`]: ',2001:db8::1,2001:db8::2,',
    [`${meta}owner_id`]: '123456789012',
    [`${meta}platform`]: 'windows',
    [`${meta}primary_ipv6_addresses`]: ',,2001:db8::2,',
    [`${meta}primary_subnet_id`]: 'subnet-a',
    [`${meta}private_dns_name`]: 'ip-10-0-0-5.internal',
    [`${meta}private_ip`]: '10.0.0.5',
    [`${meta}public_dns_name`]: 'ec2-1-2-3-4.example',
    [`${meta}public_ip`]: '1.2.3.4',
    [`${meta}region`]: 'eu-west-1',
    [`${meta}subnet_id`]: ',subnet-a,subnet-b,',
    [`${meta}tag_Name`]: 'predict & score',
    [`${meta}vpc_id`]: 'vpc-1',
  });
  expect(Object.keys(targets[1])).not.toContain(`${meta}subnet_id`);
  expect(asked.find(({ Action }) => Action === 'DescribeInstances')).toEqual({
    Action: 'DescribeInstances',
    Version: '2016-11-15',
    MaxResults: '1000',
    'Filter.1.Name': 'tag:x',
    'Filter.1.Value.1': 'a',
    'Filter.1.Value.2': 'b c',
  });
});

test('zones are left out where they may not be seen', async () => {
  zonesAllowed = false;
  const [target] = await discover(OWN).until((found) => found.length === 3);
  expect(Object.keys(target)).not.toContain('__meta_ec2_availability_zone_id');
});

describe('keys come from', () => {
  const file = join(dir, 'credentials');
  writeFileSync(
    file,
    '[other]\naws_access_key_id = no\n[serving] ; ours\n[serving]\naws_access_key_id = FILEID\naws_secret_access_key = file-secret\n',
  );
  test.each([
    ['the environment', {}, { AWS_ACCESS_KEY_ID: 'ENVID', AWS_SECRET_ACCESS_KEY: 'env-secret' }],
    ['a profile', { profile: 'serving' }, { AWS_SHARED_CREDENTIALS_FILE: file }],
    ['the machine’s role', {}, {}],
    ['a role that is taken on', { ...OWN, role_arn: 'arn:aws:iam::1:role/x', external_id: 'e' }, {}],
    ['the machine’s role, its region too', { region: '' }, {}],
  ])('%s', async (_, lines, env: Record<string, string>) => {
    const targets = await discover(lines, env).until((found) => found.length === 3);
    expect(targets[0].__meta_ec2_region).toBe('eu-west-1');
  });
  test('nowhere, and the fault says where they were looked for', async () => {
    const { faults, until } = discover({}, { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' });
    void until(() => true);
    while (faults.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(faults[0]).toMatch(/no AWS keys; looked for access_key and secret_key, AWS_ACCESS_KEY_ID/);
  });
});

test('a refusal is told in AWS’s words', async () => {
  const { faults, until } = discover({ access_key: 'AKID', secret_key: 'wrong' });
  void until(() => true);
  while (faults.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(faults[0]).toBe('DescribeInstances: AuthFailure: signature does not match');
});

describe('XML', () => {
  test.each([
    ['<a><b>x</b><b>y</b></a>', 'x'],
    ['<?xml version="1.0"?>\n<!-- c --><a c="d"><b> &lt;&#65;&#x42;&amp; </b></a>\n', '<AB&'],
    ['<a><b/></a>', ''],
    ['<a/>', ''],
  ])('%s', (text, b) => expect(textAt(parseXml(text), 'b')).toBe(b));
  test.each(['', 'x', '<a>', '</a>', '<a></b>', '<a><b></a></b>', '<a></a><b></b>', '<', '<a'])(
    '%j is refused',
    (text) => expect(() => parseXml(text)).toThrow(),
  );
});

/** Who asks AWS: keys of the configuration, of the environment, of a profile, or of the machine's role; and a role taken on with them. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Ec2SdConfig } from '../../config/discoveryConfig.ts';
import { readSecret } from '../../config/secrets.ts';
import type { AwsCredentials } from '../../outbound/sigv4.ts';
import { awsUrl, type AwsClient } from './awsClient.ts';
import { child, textAt } from './xml.ts';

/** Keys that end sooner than this are fetched anew. */
const SPARE_MS = 300_000;
const METADATA = 'http://169.254.169.254';
const METADATA_MS_MAX = 2_000;
const STS_VERSION = '2011-06-15';

export type Environment = Readonly<Record<string, string | undefined>>;

interface Held {
  readonly credentials: AwsCredentials;
  /** Milliseconds; Infinity for keys that do not end. */
  readonly until: number;
}

export class CredentialSource {
  private readonly config: Ec2SdConfig;
  private readonly client: AwsClient;
  private readonly env: Environment;
  private held: Held | undefined;

  constructor(config: Ec2SdConfig, client: AwsClient, env: Environment) {
    this.config = config;
    this.client = client;
    this.env = env;
  }

  /** @throws Error saying where keys were looked for. */
  async credentials(region: string, signal: AbortSignal): Promise<AwsCredentials> {
    if (this.held === undefined || this.held.until - SPARE_MS < Date.now()) {
      const own = await this.own(signal);
      const { roleArn } = this.config;
      this.held = roleArn === undefined ? own : await this.assumed(roleArn, own.credentials, region, signal);
    }
    return this.held.credentials;
  }

  /** The region of the configuration, the environment, or the machine. */
  async region(signal: AbortSignal): Promise<string> {
    const said = this.config.region || this.env.AWS_REGION || this.env.AWS_DEFAULT_REGION;
    if (said) return said;
    const region = await this.metadata('/latest/meta-data/placement/region', signal).catch(() => '');
    if (region !== '') return region;
    throw new Error('no region; set region, or AWS_REGION in the environment');
  }

  private async own(signal: AbortSignal): Promise<Held> {
    const { accessKey, secretKey, profile } = this.config;
    if (accessKey !== undefined && secretKey !== undefined)
      return lasting({ accessKey, secretKey: await readSecret(secretKey) });
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: sessionToken } = this.env;
    if (profile === undefined && id && secret) return lasting({ accessKey: id, secretKey: secret, sessionToken });
    const fromFile = await this.profiled(profile ?? this.env.AWS_PROFILE ?? 'default');
    if (fromFile !== undefined) return lasting(fromFile);
    if (profile !== undefined) throw new Error(`no keys of the profile ${profile} in ${this.profilePath()}`);
    return this.role(signal);
  }

  private profilePath(): string {
    return this.env.AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), '.aws', 'credentials');
  }

  private async profiled(profile: string): Promise<AwsCredentials | undefined> {
    const text = await readFile(this.profilePath(), 'utf8').catch(() => '');
    const values = new Map<string, string>();
    let section = '';
    for (const line of text.split('\n').map((one) => one.trim())) {
      const header = /^\[\s*(?:profile\s+)?(.+?)\s*\]$/.exec(line);
      const pair = /^([^=#;]+?)\s*=\s*(.*)$/.exec(line);
      if (header !== null) section = header[1];
      else if (pair !== null && section === profile) values.set(pair[1], pair[2]);
    }
    const [accessKey, secretKey] = ['aws_access_key_id', 'aws_secret_access_key'].map((key) => values.get(key));
    if (!accessKey || !secretKey) return undefined;
    return { accessKey, secretKey, sessionToken: values.get('aws_session_token') };
  }

  /** Of the machine, by its metadata service (version 2). */
  private async role(signal: AbortSignal): Promise<Held> {
    try {
      const path = '/latest/meta-data/iam/security-credentials/';
      const role = (await this.metadata(path, signal)).split('\n')[0];
      const answer = JSON.parse(await this.metadata(path + role, signal)) as Record<string, string>;
      const credentials = {
        accessKey: answer.AccessKeyId,
        secretKey: answer.SecretAccessKey,
        sessionToken: answer.Token,
      };
      return { credentials, until: Date.parse(answer.Expiration) };
    } catch (error) {
      const looked = `access_key and secret_key, AWS_ACCESS_KEY_ID in the environment, ${this.profilePath()}, the machine's role`;
      throw new Error(`no AWS keys; looked for ${looked}`, { cause: error });
    }
  }

  private async metadata(path: string, stop: AbortSignal): Promise<string> {
    const base = this.env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? METADATA;
    const signal = AbortSignal.any([stop, AbortSignal.timeout(METADATA_MS_MAX)]);
    const ask = async (method: string, at: string, headers: Record<string, string>) => {
      const response = await fetch(base + at, { method, headers, signal });
      if (!response.ok) throw new Error(`metadata: HTTP status ${response.status}`);
      return response.text();
    };
    const token = await ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '60' });
    return ask('GET', path, { 'x-aws-ec2-metadata-token': token });
  }

  private async assumed(roleArn: string, own: AwsCredentials, region: string, signal: AbortSignal): Promise<Held> {
    const url = this.env.AWS_ENDPOINT_URL_STS ?? awsUrl('sts', region);
    const { externalId } = this.config;
    const form = { RoleArn: roleArn, RoleSessionName: 'isotherm', ...(externalId && { ExternalId: externalId }) };
    const call = { url, service: 'sts', version: STS_VERSION, action: 'AssumeRole', form };
    const answer = await this.client.call(call, { region, credentials: own, signal });
    const given = child(child(answer, 'AssumeRoleResult'), 'Credentials');
    const accessKey = textAt(given, 'AccessKeyId');
    if (accessKey === '') throw new Error(`the role ${roleArn} gave no keys`);
    const credentials = {
      accessKey,
      secretKey: textAt(given, 'SecretAccessKey'),
      sessionToken: textAt(given, 'SessionToken'),
    };
    return { credentials, until: Date.parse(textAt(given, 'Expiration')) };
  }
}

const lasting = (credentials: AwsCredentials): Held => ({ credentials, until: Infinity });

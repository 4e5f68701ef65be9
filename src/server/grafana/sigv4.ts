/** Requests signed as Amazon Managed Service for Prometheus wants them. The settings' names are those of Grafana's own SigV4 fields. */
import aws4 from 'aws4';
import type { ConnectionOptions } from '../../shared/api/grafanaQuery.ts';
import { SettingsError } from './settingsError.ts';

export interface SigV4 {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
}

const SERVICE = 'aps';

/**
 * The signature of the settings; undefined where they ask for none. Keys of the settings, or of the process's environment (as Grafana hands it over with
 * `forward_host_env_vars`); roles and profiles need Amazon's token service, which Grafana asks for plugins in Go only.
 *
 * @throws SettingsError
 */
export function sigV4Of(
  options: ConnectionOptions,
  secure: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): SigV4 | undefined {
  if (options.sigV4Auth !== true && options.authMethod !== 'sigv4') return undefined;
  const region = (options.sigV4Region ?? env.AWS_REGION ?? '').trim();
  if (region === '')
    throw new SettingsError('authentication is SigV4, but no region is set: write one, such as eu-west-1');
  if ((options.sigV4AssumeRoleArn ?? '') !== '')
    throw new SettingsError(
      'SigV4 with an assumed role is not supported here: give keys of a user that may query, or put aws-sigv4-proxy between',
    );
  const method = options.sigV4AuthType ?? 'keys';
  switch (method) {
    case 'keys':
      return keys(
        region,
        secure.sigV4AccessKey,
        secure.sigV4SecretKey,
        undefined,
        'the access key and the secret key of the settings',
      );
    case 'default':
      return keys(
        region,
        env.AWS_ACCESS_KEY_ID,
        env.AWS_SECRET_ACCESS_KEY,
        env.AWS_SESSION_TOKEN,
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in Grafana's environment, with this plugin's id in [plugins] forward_host_env_vars",
      );
    default:
      throw new SettingsError(
        `SigV4 with ${JSON.stringify(method)} is not supported here: choose access and secret key, or the environment ("default")`,
      );
  }
}

function keys(
  region: string,
  id: string | undefined,
  secret: string | undefined,
  sessionToken: string | undefined,
  where: string,
): SigV4 {
  const [accessKeyId, secretAccessKey] = [(id ?? '').trim(), (secret ?? '').trim()];
  if (accessKeyId === '' || secretAccessKey === '')
    throw new SettingsError(`authentication is SigV4, but keys are missing: set ${where}`);
  return { accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined, region };
}

export interface Signable {
  readonly url: URL;
  readonly method: string;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

/** Headers that carry the signature; they belong to this request alone, for some minutes. */
export function signatureHeaders({ url, method, contentType, body }: Signable, by: SigV4): Record<string, string> {
  const { region, ...credentials } = by;
  const signed = aws4.sign(
    {
      host: url.host,
      path: `${url.pathname}${url.search}`,
      method,
      service: SERVICE,
      region,
      headers: contentType === undefined ? {} : { 'content-type': contentType },
      body: body === undefined ? '' : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    },
    credentials,
  );
  const wanted = ['authorization', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256', 'host'];
  return Object.fromEntries(
    Object.entries(signed.headers ?? {})
      .map(([name, value]) => [name.toLowerCase(), String(value)] as const)
      .filter(([name]) => wanted.includes(name)),
  );
}

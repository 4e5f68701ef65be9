/** Calls of AWS's query API: a signed form, an XML answer. */
import type { HttpConfig } from '../../config/config.ts';
import { OutboundClient, readAnswer } from '../../outbound/client.ts';
import type { DialCounts } from '../../outbound/dials.ts';
import { fetchFault } from '../../outbound/httpFault.ts';
import { signV4, type AwsCredentials } from '../../outbound/sigv4.ts';
import { parseXml, textAt, child, type XmlElement } from './xml.ts';

const FORM_TYPE = 'application/x-www-form-urlencoded; charset=utf-8';

export interface AwsCall {
  readonly url: string;
  readonly service: string;
  readonly version: string;
  readonly action: string;
  readonly form: Readonly<Record<string, string>>;
}

export interface AwsCaller {
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly signal: AbortSignal;
}

/** Where AWS listens. */
export function awsUrl(service: string, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
}

/** AWS says no. `code` is its own word for why. */
export class AwsError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
  }
}

export class AwsClient {
  private readonly client: OutboundClient;

  constructor(http: HttpConfig, dials?: DialCounts) {
    this.client = new OutboundClient(http, { dials });
  }

  /** The answer's root element. @throws AwsError, FetchError */
  async call({ url, service, version, action, form }: AwsCall, caller: AwsCaller): Promise<XmlElement> {
    const { region, credentials, signal } = caller;
    const body = new URLSearchParams({ Action: action, Version: version, ...form }).toString();
    this.client.secrets.note(credentials.sessionToken ?? '');
    const headers = signV4({ url, body, contentType: FORM_TYPE, region, service, now: Date.now() }, credentials);
    let status: number;
    let text: string;
    try {
      const answer = await this.client.post(url, body, headers, signal);
      status = answer.statusCode;
      text = Buffer.from(await readAnswer(answer, 0)).toString('utf8');
    } catch (error) {
      throw this.client.secrets.maskedError(fetchFault(error, url));
    }
    const answer = parse(text);
    if (status === 200 && answer !== undefined) return answer;
    // EC2 lists its errors, STS has one.
    const error = child(child(answer, 'Errors'), 'Error') ?? child(answer, 'Error');
    const code = textAt(error, 'Code');
    throw new AwsError(
      code,
      this.client.secrets.masked(
        `${action}: ${code || `HTTP status ${status}`}: ${textAt(error, 'Message') || 'no reason given'}`,
      ),
    );
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

function parse(text: string): XmlElement | undefined {
  try {
    return parseXml(text);
  } catch {
    return undefined;
  }
}

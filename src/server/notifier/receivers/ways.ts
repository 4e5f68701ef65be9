/** Handing a digest over: by HTTP or by mail. */
import type { Transporter } from 'nodemailer';
import { discard, OutboundClient, readAnswer, type Answer } from '../../outbound/client.ts';
import { fetchFault } from '../../outbound/httpFault.ts';
import { SentSecrets } from '../../config/masking.ts';
import { readSecret } from '../../config/secrets.ts';
import type { Digest } from './alertGroup.ts';
import { mailOf, slackJson, webhookJson, type Sender } from './messages.ts';
import type { EmailWay, SlackWay, Way, WebhookWay } from './receiversFile.ts';

const EXCERPT_BYTES = 300;
const MAIL_TIMEOUT_MS = 30_000;

export interface OpenWay {
  /** Rejects when it was not taken. */
  send(digest: Digest, sender: Sender): Promise<void>;
  close(): Promise<void>;
}

export function openWay(way: Way): OpenWay {
  return way.kind === 'email' ? new MailWay(way) : new PostWay(way);
}

class PostWay implements OpenWay {
  readonly #way: WebhookWay | SlackWay;
  readonly #client: OutboundClient;

  constructor(way: WebhookWay | SlackWay) {
    this.#way = way;
    this.#client = new OutboundClient(way.http);
  }

  async send(digest: Digest, sender: Sender): Promise<void> {
    const way = this.#way;
    const body =
      way.kind === 'slack' ? slackJson(digest, sender, way.channel) : webhookJson(digest, sender, way.maxAlerts);
    const url = await readSecret(way.url);
    const { secrets } = this.#client;
    for (const text of [url, new URL(url).pathname]) secrets.note(text);
    const headers = { 'content-type': 'application/json' };
    let answer: Answer;
    try {
      answer = await this.#client.post(url, body, headers, AbortSignal.timeout(way.timeoutMs));
    } catch (fault) {
      throw secrets.maskedError(fetchFault(fault, url));
    }
    if (answer.statusCode >= 200 && answer.statusCode < 300) return discard(answer);
    throw new Error(`answered with status ${answer.statusCode}: ${secrets.masked(await excerptOf(answer))}`);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

async function excerptOf(answer: Answer): Promise<string> {
  try {
    const text = Buffer.from(await readAnswer(answer, 64 * 1024)).toString('utf8', 0, EXCERPT_BYTES);
    return text.replace(/\s+/g, ' ').trim();
  } catch {
    return ''; // The status says enough.
  }
}

class MailWay implements OpenWay {
  readonly #way: EmailWay;
  readonly #secrets = new SentSecrets();

  constructor(way: EmailWay) {
    this.#way = way;
  }

  async send(digest: Digest, sender: Sender): Promise<void> {
    const transport = await this.#open();
    try {
      await transport.sendMail({ from: this.#way.from, to: [...this.#way.to], ...mailOf(digest, sender) });
    } catch (fault) {
      throw this.#secrets.maskedError(fault);
    } finally {
      transport.close();
    }
  }

  async close(): Promise<void> {}

  /** As SMTP sends it: AUTH PLAIN (RFC 4616) and AUTH LOGIN. */
  #noteLogin(username: string, password: string): void {
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    for (const text of [password, base64(password), base64(`\0${username}\0${password}`)]) this.#secrets.note(text);
  }

  /** A connection a mail: they are rare, and a rotated password is read anew. */
  async #open(): Promise<Transporter> {
    const { host, port, username, password, requireTls, tls } = this.#way;
    const pass = password === undefined ? '' : await readSecret(password);
    this.#noteLogin(username, pass);
    const { createTransport } = await import('nodemailer'); // Few servers send mail; the others do without the code.
    const [ca, cert, key] = await Promise.all([tls.ca, tls.cert, tls.key].map((one) => one && readSecret(one)));
    return createTransport({
      host,
      port,
      secure: port === 465,
      requireTLS: requireTls,
      ...(username !== '' && {
        auth: { user: username, pass },
      }),
      tls: { ca, cert, key, servername: tls.serverName, rejectUnauthorized: !tls.insecureSkipVerify },
      connectionTimeout: MAIL_TIMEOUT_MS,
      greetingTimeout: MAIL_TIMEOUT_MS,
      socketTimeout: MAIL_TIMEOUT_MS,
    });
  }
}

/** Who is let in: users with passwords, tokens that may read or write, and not too many requests. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import bcrypt from 'bcryptjs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TEXT_TYPE } from '../answer.ts';
import type { TlsConfig, Token, WebConfig } from './webConfig.ts';

/** Passwords known to be right or wrong; checking one takes a tenth of a second by design. */
const KNOWN_MAX = 100;
/** Checks of passwords under way; each takes a core. */
const CHECKS_MAX = 4;
/** Compared with where there is no such user, so that names cannot be found by timing. */
const NOBODY = '$2b$10$abcdefghijklmnopqrstuuVeDQeF6YCI1tqsA8rfWWCLE9NYS5Wd6';

/** POST to these asks and changes nothing; below the route prefix. Every other method but GET and HEAD changes something. */
const ASKED_BY_POST =
  /^\/(federate|api\/v1\/(query|query_range|query_exemplars|format_query|parse_query|series|labels|read|distribution|explain|search\/\w+))$/;

export class Gate {
  readonly #config: () => WebConfig;
  readonly #prefix: string;
  readonly #known = new Map<string, boolean>();
  #checking = 0;
  #tokens = NaN;
  #filledAt = 0;

  /** @param config asked anew for each request: the file may have changed. */
  constructor(config: () => WebConfig, prefix: string) {
    this.#config = config;
    this.#prefix = prefix;
  }

  /** Sends the refusal and resolves to false where somebody is not let in. */
  async letsIn(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const config = this.#config();
    const refuse = (status: number, text: string) => {
      void reply.code(status).type(TEXT_TYPE).send(`${text}\n`);
      return false;
    };
    if (!this.#hasTurn(config)) {
      reply.header('retry-after', '1');
      return refuse(429, 'Too Many Requests');
    }
    const certificate = certificateFault(request.raw.socket as TLSSocket, config.tls);
    if (certificate !== undefined) return refuse(403, certificate);
    if (config.users.size + config.tokens.length === 0) return true;
    if (request.method === 'OPTIONS') return true; // Asked by browsers before a request, without what would let it in.
    const access = await this.#accessOf(request.headers.authorization ?? '', config);
    if (access === 'busy') {
      reply.header('retry-after', '1');
      return refuse(429, 'Too many passwords are being checked; try again');
    }
    if (access === 'none') {
      reply.header('www-authenticate', 'Basic');
      return refuse(401, 'Unauthorized');
    }
    if (access === 'read' && this.changes(request)) return refuse(403, 'Forbidden: this token may only read');
    return true;
  }

  /** Whether everybody is let in now, whoever asks and however often. */
  isOpen(): boolean {
    const { users, tokens, rateLimit, tls } = this.#config();
    return users.size + tokens.length === 0 && rateLimit === undefined && !asksForCertificates(tls);
  }

  /** Whether a request changes something. */
  changes({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): boolean {
    if (method === 'GET' || method === 'HEAD') return false;
    const [path] = url.split('?', 1);
    return method !== 'POST' || !path.startsWith(this.#prefix) || !ASKED_BY_POST.test(path.slice(this.#prefix.length));
  }

  async #accessOf(header: string, { users, tokens }: WebConfig): Promise<'none' | 'read' | 'write' | 'busy'> {
    const [scheme, given = ''] = header.split(' ', 2);
    if (/^bearer$/i.test(scheme)) return tokenOf(given, tokens)?.access ?? 'none';
    if (!/^basic$/i.test(scheme)) return 'none';
    const [name, password] = splitOnce(Buffer.from(given, 'base64').toString('utf8'), ':');
    // A browser asks for a name and a password: a token's name and the token do, too.
    const token = tokenOf(
      password,
      tokens.filter((one) => one.name === name),
    );
    if (token !== undefined) return token.access;
    const hash = users.get(name);
    const key = sha256(`${name}\0${hash}\0${password}`);
    const known = this.#known.get(key);
    if (known !== undefined) return known ? 'write' : 'none';
    if (this.#checking >= CHECKS_MAX) return 'busy';
    this.#checking++;
    try {
      const right = (await bcrypt.compare(password, hash ?? NOBODY)) && hash !== undefined;
      if (this.#known.size >= KNOWN_MAX) this.#known.delete(this.#known.keys().next().value!);
      this.#known.set(key, right);
      return right ? 'write' : 'none';
    } finally {
      this.#checking--;
    }
  }

  /** A bucket that fills by one each interval. */
  #hasTurn({ rateLimit }: WebConfig): boolean {
    if (rateLimit === undefined) return true;
    const now = performance.now();
    const filled = Number.isNaN(this.#tokens)
      ? rateLimit.burst
      : this.#tokens + (now - this.#filledAt) / rateLimit.intervalMs;
    this.#tokens = Math.min(rateLimit.burst, filled);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

function tokenOf(secret: string, tokens: readonly Token[]): Token | undefined {
  const hash = Buffer.from(sha256(secret), 'hex');
  return tokens.find((token) => timingSafeEqual(hash, Buffer.from(token.sha256, 'hex')));
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

const asksForCertificates = (tls: TlsConfig | undefined): tls is TlsConfig =>
  tls !== undefined && tls.clientAuth !== 'NoClientCert' && tls.clientAuth !== 'RequestClientCert';

/** What is wrong with a client's certificate, beyond what the handshake refuses. */
function certificateFault(socket: TLSSocket, tls: TlsConfig | undefined): string | undefined {
  if (!asksForCertificates(tls)) return undefined;
  const certificate = socket.getPeerCertificate();
  const isGiven = Object.keys(certificate ?? {}).length > 0;
  if (!isGiven)
    return tls.clientAuth === 'VerifyClientCertIfGiven' ? undefined : 'Forbidden: show a client certificate';
  if (tls.clientAuth !== 'RequireAnyClientCert' && !socket.authorized)
    return 'Forbidden: this certificate is not signed by an authority that is trusted here';
  if (tls.allowedSans.length === 0) return undefined;
  const names = (certificate.subjectaltname ?? '')
    .split(', ')
    .map((name) => name.replace(/^(DNS|IP Address|URI|email):/, ''));
  return names.some((name) => tls.allowedSans.includes(name))
    ? undefined
    : 'Forbidden: this certificate is for somebody else';
}

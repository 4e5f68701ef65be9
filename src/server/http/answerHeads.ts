/** Heads of answers as Node's server writes them; what is the same in all of them is put together once a second. */
import { STATUS_CODES } from 'node:http';
import { Readable } from 'node:stream';
import type { WebConfig } from './access/webConfig.ts';
import { FixedHeaders, type HeaderValues, type PlainAnswer } from './plainRequest.ts';

export class AnswerHeads {
  readonly #fixed = new FixedHeaders();
  readonly #kept: string;
  #second = 0;
  #date = '';
  #config: WebConfig | undefined;
  /** Lines that all answers have. */
  #lines = '';
  /** That of this second without anything of its own. */
  #usual = '';

  /** @param keptMs for which a connection is kept without a request. */
  constructor(keptMs: number) {
    this.#kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keptMs / 1000)}\r\n`;
  }

  /** A character for each byte. @param isLast on its connection. */
  of({ status, headers, body }: PlainAnswer, config: WebConfig, isLast: boolean): string {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second || config !== this.#config) {
      this.#second = second;
      this.#config = config;
      this.#date = new Date(second * 1000).toUTCString();
      this.#lines = linesOf(this.#fixed.with(config, undefined));
      this.#usual = `${this.#head(204, undefined, false)}\r\n`;
    }
    if (status === 204 && headers === undefined && !isLast) return this.#usual;
    return `${this.#head(status, headers, isLast)}${body instanceof Readable ? CHUNKED : ''}\r\n`;
  }

  #head(status: number, headers: HeaderValues | undefined, isLast: boolean): string {
    let own = '';
    for (const name in headers) own += `${name}: ${headers[name]}\r\n`;
    const connection = isLast ? 'Connection: close\r\n' : this.#kept;
    return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${this.#lines}${own}Date: ${this.#date}\r\n${connection}`;
  }
}

const CHUNKED = 'Transfer-Encoding: chunked\r\n';

/** @param list names and values in turns. */
function linesOf(list: readonly (string | number)[]): string {
  let lines = '';
  for (let i = 0; i < list.length; i += 2) lines += `${list[i]}: ${list[i + 1]}\r\n`;
  return lines;
}

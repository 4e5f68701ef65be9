/** Answers as Node's server writes them, put together once a second where they are alike. */
import { STATUS_CODES } from 'node:http';
import type { WebConfig } from './access/webConfig.ts';
import { FixedHeaders, type HeaderValues } from './plainRequest.ts';

export interface WholeAnswer {
  readonly status: number;
  readonly headers: HeaderValues | undefined;
  readonly body: string;
}

export class AnswerHeads {
  readonly #fixed = new FixedHeaders();
  readonly #kept: string;
  #second = 0;
  #date = '';
  #config: WebConfig | undefined;
  /** That of this second without anything of its own. */
  #usual = '';

  /** @param keptMs for which a connection is kept without a request. */
  constructor(keptMs: number) {
    this.#kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keptMs / 1000)}\r\n\r\n`;
  }

  /** Its length is its size in bytes. @param isLast on its connection. */
  with(answer: WholeAnswer, config: WebConfig, isLast: boolean): string | Buffer {
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#second || config !== this.#config) {
      this.#second = second;
      this.#config = config;
      this.#date = new Date(second * 1000).toUTCString();
      this.#usual = this.#head(204, undefined, config, false);
    }
    const { status, headers, body } = answer;
    if (status === 204 && headers === undefined && !isLast) return this.#usual;
    return Buffer.from(this.#head(status, headers, config, isLast) + body);
  }

  #head(status: number, more: HeaderValues | undefined, config: WebConfig, isLast: boolean): string {
    const list = this.#fixed.with(config, more);
    let lines = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
    for (let i = 0; i < list.length; i += 2) lines += `${list[i]}: ${list[i + 1]}\r\n`;
    return `${lines}Date: ${this.#date}\r\n${isLast ? 'Connection: close\r\n\r\n' : this.#kept}`;
  }
}

/** How secrets are kept out of what is shown, logged or kept: by their place in a configuration, in a URL, or as texts that were sent. */
import { escapePattern } from '../../shared/model/matchers.ts';

/** Stands for a secret. */
export const MASK = '<secret>';

/** Texts that are shorter stand within ordinary words: masked there they would be told. They are masked where they stand by themselves. */
const SECRET_CHARS_MIN = 4;
/** Errors quote parts of what came: so much of a secret counts as the secret. */
const PART_CHARS_MIN = 8;
/** Tokens and files change while a client lives; those of long ago are in no new answer. */
const KEPT_MAX = 64;
/** Where a value begins and ends: in quotes, as JSON and pages have it, after `=` or a colon, at the ends of a text. */
const BEFORE_VALUE = String.raw`(?<=["'\x60=>]|[:,]\s|^)`;
const AFTER_VALUE = String.raw`(?=["'\x60&,;<\s)}\]]|$)`;
/** Letters or digits alone may be a word of a sentence, or a number in it. */
const IS_WORDLIKE = /^(?:\p{L}+|\d+)$/u;

/** As text may be shown: `http://user:hunter2@host` → `http://user:<secret>@host`. */
export function hideUrlPassword(text: string): string {
  return text.replace(/(:\/\/[^\s/:@]*):[^\s/@]+@/g, `$1:${MASK}@`);
}

/** What a client sent to log in: a server that echoes its requests must not bring it into an error. */
export class SentSecrets {
  /** Most recent last. */
  #texts = new Set<string>();

  note(text: string): void {
    if (text === '') return;
    this.#texts.delete(text);
    this.#texts.add(text);
    if (this.#texts.size > KEPT_MAX) this.#texts.delete(this.#texts.values().next().value!);
  }

  /**
   * The text as it may be shown: secrets are gone as they were sent, as JSON, HTML and URLs write them, and where an excerpt cut them; short ones where
   * they are a value by themselves; and passwords of URLs, whosever they are.
   */
  masked(text: string): string {
    const spelled = [...new Set([...this.#texts].flatMap(spellings))].sort((a, b) => b.length - a.length);
    let shown = spelled.reduce(without, text);
    for (const secret of spelled) if (secret.length > PART_CHARS_MIN) shown = withoutParts(shown, secret);
    return hideUrlPassword(shown);
  }

  /** The error itself, without secrets in its words and in those of its causes. */
  maskedError<T>(error: T): T {
    for (let at: unknown = error; at instanceof Error; at = at.cause) {
      const message = this.masked(at.message);
      if (message !== at.message) {
        at.stack = at.stack?.replace(at.message, () => message);
        at.message = message;
      }
    }
    return error;
  }
}

function spellings(secret: string): string[] {
  const html = secret
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), html];
}

function without(text: string, secret: string): string {
  if (secret.length >= SECRET_CHARS_MIN) return text.replaceAll(secret, MASK);
  const itself = escapePattern(secret);
  const alone = IS_WORDLIKE.test(secret) ? `${BEFORE_VALUE}${itself}${AFTER_VALUE}` : `(?<!\\w)${itself}(?!\\w)`;
  return text.replace(new RegExp(alone, 'gu'), MASK);
}

function withoutParts(text: string, secret: string): string {
  let shown = '';
  let at = 0;
  while (at < text.length) {
    let end = at + PART_CHARS_MIN;
    if (end > text.length || !secret.includes(text.slice(at, end))) {
      shown += text[at++];
      continue;
    }
    while (end < text.length && secret.includes(text.slice(at, end + 1))) end++;
    shown += MASK;
    at = end;
  }
  return shown;
}

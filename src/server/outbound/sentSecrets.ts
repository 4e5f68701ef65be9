/** What a client sent to log in: a server that echoes its requests must not bring it into an error that is shown, logged or kept. */

/** Texts that are shorter would be masked out of ordinary words, and told thereby. */
const SECRET_CHARS_MIN = 4;
/** Errors quote parts of what came: so much of a secret counts as the secret. */
const PART_CHARS_MIN = 8;
/** Tokens and files change while a client lives; those of long ago are in no new answer. */
const KEPT_MAX = 64;
const MASK = '<secret>';

export class SentSecrets {
  /** Most recent last. */
  #texts = new Set<string>();

  note(text: string): void {
    if (text.length < SECRET_CHARS_MIN) return;
    this.#texts.delete(text);
    this.#texts.add(text);
    if (this.#texts.size > KEPT_MAX) this.#texts.delete(this.#texts.values().next().value!);
  }

  /** The text as it may be shown: secrets are gone as they were sent, as JSON, HTML and URLs write them, and where an excerpt cut them. */
  masked(text: string): string {
    const spelled = [...new Set([...this.#texts].flatMap(spellings))].sort((a, b) => b.length - a.length);
    let shown = spelled.reduce((left, secret) => left.replaceAll(secret, MASK), text);
    for (const secret of spelled) if (secret.length > PART_CHARS_MIN) shown = withoutParts(shown, secret);
    return shown;
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

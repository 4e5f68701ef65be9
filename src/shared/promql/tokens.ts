/** A cursor over tokens that says, when it meets the wrong one, what was expected. */
import { PromqlError } from './errors.ts';
import { tokenize, type Token } from './lexer.ts';

export class TokenCursor {
  readonly text: string;
  private readonly tokens: readonly Token[];
  private index = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = tokenize(text);
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.index + ahead, this.tokens.length - 1)];
  }

  next(): Token {
    const token = this.peek();
    if (this.index < this.tokens.length - 1) this.index++;
    return token;
  }

  /** The token before the next one; the first one where there is none. */
  get lastToken(): Token {
    return this.tokens[Math.max(0, this.index - 1)];
  }

  /** The end of the token before the next one. */
  get lastEnd(): number {
    return this.index === 0 ? 0 : this.tokens[this.index - 1].to;
  }

  isMark(mark: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'punctuation' && token.text === mark;
  }

  /** Keywords are read in any case. */
  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'identifier' && token.text.toLowerCase() === word;
  }

  takeMark(mark: string): Token | undefined {
    return this.isMark(mark) ? this.next() : undefined;
  }

  takeWord(word: string): Token | undefined {
    return this.isWord(word) ? this.next() : undefined;
  }

  expectMark(mark: string, where: string, hint = ''): Token {
    return this.takeMark(mark) ?? this.failExpecting(JSON.stringify(mark), where, hint);
  }

  /** @param opener the token that `mark` closes. */
  expectClosing(mark: string, opener: Token, where: string, hint = ''): Token {
    const found = this.takeMark(mark);
    if (found !== undefined) return found;
    if (this.peek().kind === 'end') {
      const place = `column ${opener.from - this.text.lastIndexOf('\n', opener.from - 1)}`;
      this.fail(
        this.peek(),
        `unexpected end of input: the "${opener.text}" at ${place} is not closed`,
        `add "${mark}"`,
      );
    }
    return this.failExpecting(JSON.stringify(mark), where, hint);
  }

  failExpecting(expected: string, where: string, hint = ''): never {
    const token = this.peek();
    return this.fail(token, `unexpected ${describe(token)} in ${where}, expected ${expected}`, hint);
  }

  fail(place: { from: number; to: number }, reason: string, hint = ''): never {
    throw new PromqlError(this.text, place.from, place.to, reason, hint);
  }
}

export function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'end of input';
    case 'punctuation':
      return JSON.stringify(token.text);
    case 'string':
      return `string ${token.text}`;
    default:
      return `${token.kind} ${JSON.stringify(token.text)}`;
  }
}

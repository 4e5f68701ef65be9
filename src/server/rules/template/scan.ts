/** A template's text → pieces: plain text, and the tokens of each action between `{{` and `}}`. */
import { ESCAPES as GO_ESCAPES } from '../../../shared/promql/lexer.ts';

export type TokenKind =
  'field' | 'variable' | 'identifier' | 'keyword' | 'number' | 'text' | 'char' | 'bool' | 'nil' | 'dot' | 'mark';

export interface Token {
  readonly kind: TokenKind;
  /** As written; of texts, what is between the quotes, escapes resolved. */
  readonly text: string;
  readonly line: number;
  /** Whether a blank stands before it: `$x .y` are two values, `$x.y` is one. */
  readonly spaced: boolean;
}

export type Piece =
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly line: number };

export class TemplateError extends Error {
  constructor(line: number, why: string) {
    super(`line ${line}: ${why}`);
    this.name = 'TemplateError';
  }
}

const KEYWORDS = new Set(['if', 'else', 'end', 'range', 'with', 'template', 'define', 'block', 'break', 'continue']);

const TOKEN =
  /(?<space>[ \t\r\n]+)|(?<variable>\$[\p{L}\p{N}_]*)|(?<field>\.[\p{L}_][\p{L}\p{N}_]*)|(?<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?))|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<quoted>"(?:[^"\\\n]|\\.)*")|(?<raw>`[^`]*`)|(?<char>'(?:[^'\\\n]|\\.)+')|(?<mark>:=|[=|(),])|(?<dot>\.)/uy;

/** @throws TemplateError for what cannot be read. */
export function scan(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimNext = false;
  while (at < text.length) {
    const open = text.indexOf('{{', at);
    let plain = text.slice(at, open < 0 ? text.length : open);
    if (trimNext) plain = plain.trimStart();
    const trims = open >= 0 && /^\{\{-[ \t\r\n]/.test(text.slice(open, open + 4));
    if (trims) plain = plain.trimEnd();
    if (plain !== '') pieces.push({ kind: 'plain', text: plain });
    if (open < 0) break;
    const line = lineAt(text, open);
    const start = open + (trims ? 3 : 2);
    const comment = /[ \t\r\n]*\/\*/y;
    comment.lastIndex = start;
    const action = comment.test(text) ? skipComment(text, comment.lastIndex, line) : readAction(text, start);
    if (action.tokens !== undefined) pieces.push({ kind: 'action', tokens: action.tokens, line });
    trimNext = action.trims;
    at = action.end;
  }
  return pieces;
}

interface Action {
  readonly tokens?: readonly Token[];
  readonly end: number;
  readonly trims: boolean;
}

const CLOSE = /([ \t\r\n]+-)?\}\}/y;

function skipComment(text: string, from: number, line: number): Action {
  const ends = text.indexOf('*/', from);
  if (ends < 0) throw new TemplateError(line, 'unclosed comment');
  CLOSE.lastIndex = ends + 2;
  const close = CLOSE.exec(text);
  if (close === null) throw new TemplateError(line, 'comment ends before closing delimiter');
  return { end: CLOSE.lastIndex, trims: close[1] !== undefined };
}

function readAction(text: string, from: number): Action {
  const tokens: Token[] = [];
  const startLine = lineAt(text, from);
  let spaced = true;
  for (let at = from; ;) {
    CLOSE.lastIndex = at;
    const close = CLOSE.exec(text);
    if (close !== null) return { tokens, end: CLOSE.lastIndex, trims: close[1] !== undefined };
    if (at >= text.length) throw new TemplateError(startLine, 'unclosed action');
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    const line = lineAt(text, at);
    if (found === null) throw new TemplateError(line, unreadable(text, at));
    at = TOKEN.lastIndex;
    if (found.groups!.space !== undefined) {
      spaced = true;
      continue;
    }
    tokens.push({ ...tokenOf(found.groups as Readonly<Record<string, string | undefined>>, line), line, spaced });
    spaced = false;
  }
}

function tokenOf(found: Readonly<Record<string, string | undefined>>, line: number): { kind: TokenKind; text: string } {
  const { variable, field, number, word, quoted, raw, char, mark } = found;
  if (variable !== undefined) return { kind: 'variable', text: variable };
  if (field !== undefined) return { kind: 'field', text: field.slice(1) };
  if (number !== undefined) return { kind: 'number', text: number };
  if (word !== undefined) return { kind: wordKind(word), text: word };
  if (quoted !== undefined) return { kind: 'text', text: unescaped(quoted.slice(1, -1), line) };
  if (raw !== undefined) return { kind: 'text', text: raw.slice(1, -1) };
  if (char !== undefined) return { kind: 'char', text: unescaped(char.slice(1, -1), line) };
  if (mark !== undefined) return { kind: 'mark', text: mark };
  return { kind: 'dot', text: '.' };
}

function wordKind(word: string): TokenKind {
  if (KEYWORDS.has(word)) return 'keyword';
  if (word === 'true' || word === 'false') return 'bool';
  return word === 'nil' ? 'nil' : 'identifier';
}

function unreadable(text: string, at: number): string {
  if (text[at] === '"' || text[at] === "'")
    return `unterminated ${text[at] === '"' ? 'quoted string' : 'character constant'}`;
  if (text[at] === '`') return 'unterminated raw quoted string';
  return `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(at)!))} in command`;
}

function lineAt(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

const ESCAPES: Readonly<Record<string, string>> = { ...GO_ESCAPES, "'": "'", '"': '"' };
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gsu;

function unescaped(text: string, line: number): string {
  return text.replace(ESCAPE, (whole, x?: string, u?: string, long?: string, octal?: string, letter?: string) => {
    const hex = x ?? u ?? long;
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
    if (octal !== undefined) return String.fromCodePoint(parseInt(octal, 8));
    if (letter === undefined || ESCAPES[letter] === undefined) throw new TemplateError(line, `unknown escape ${whole}`);
    return ESCAPES[letter];
  });
}

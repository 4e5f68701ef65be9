/** What a page says, entry by entry. Text 0.0.4, text 1.0.0 and OpenMetrics give the same entries. */
import type { Labels } from '../../shared/model/labels.ts';
import type { Exemplar, MetricType } from '../../shared/model/metadata.ts';

export type TextFormat = 'text' | 'openMetrics';
export type PageFormat = TextFormat | 'protobuf';

export const END = 0;
export const SERIES = 1;
export const TYPE = 2;
export const HELP = 3;
export const UNIT = 4;
export type EntryKind = typeof END | typeof SERIES | typeof TYPE | typeof HELP | typeof UNIT;

/**
 * Walks a page. All fields and the bytes they point at are valid until the next `next()`.
 * A cursor may be set down at any line end (`seek`), because a line means the same wherever it stands, but for the type in force.
 */
export interface EntryCursor {
  /** Start on another page. `bytes` is read, never written or kept beyond the next `open`. */
  open(bytes: Uint8Array): void;
  /** Go on from `offset`, the start of the page or the end of a line, with `type` as the last one declared. */
  seek(offset: number, type: MetricType): void;
  /** @throws ParseError */
  next(): EntryKind;
  /** After an entry: the end of its line, before the newline. */
  readonly offset: number;
  /** The last type declared: it decides which labels hold numbers (`le`, `quantile`). */
  readonly type: MetricType;

  /** SERIES: the bytes of name and labels are [seriesStart, seriesEnd). */
  readonly seriesStart: number;
  readonly seriesEnd: number;
  /** SERIES: where the value begins. */
  readonly valueStart: number;
  readonly v: number;
  /** SERIES: milliseconds, NaN where the page gives no time. */
  readonly t: number;
  readonly exemplar: Exemplar | undefined;
  /** SERIES: sorted, labels with empty values as written, `le` and `quantile` spelt as numbers. @throws ParseError for a name twice or text that is not UTF-8. */
  labels(): Labels;
  /**
   * Read what may follow a value (time, exemplar) from `offset` on, setting `t` and `exemplar`.
   *
   * @returns the end of the line.
   */
  readTail(offset: number): number;

  /** TYPE, HELP, UNIT: the family, and what is said of it. */
  readonly metric: string;
  readonly text: string;
}

/** How much of a line an error shows. */
const LINE_SHOWN_BYTES = 120;

/** A page that cannot be read. Says where and shows the line. */
export class ParseError extends Error {
  /** Bytes from the page's start. */
  readonly offset: number;
  /** Counted from 1. */
  readonly line: number;

  constructor(bytes: Uint8Array, offset: number, why: string) {
    const at = Math.min(offset, bytes.length);
    let line = 1;
    let lineStart = 0;
    for (let i = 0; i < at; i++) {
      if (bytes[i] !== 0x0a) continue;
      line++;
      lineStart = i + 1;
    }
    const newline = bytes.indexOf(0x0a, at);
    const lineEnd = newline < 0 ? bytes.length : newline;
    const shown = new TextDecoder().decode(bytes.subarray(lineStart, Math.min(lineEnd, lineStart + LINE_SHOWN_BYTES)));
    const more = lineEnd > lineStart + LINE_SHOWN_BYTES ? '…' : '';
    super(`line ${line}, byte ${at}: ${why}: ${JSON.stringify(shown)}${more}`);
    this.name = 'ParseError';
    this.offset = at;
    this.line = line;
  }
}

/** `fill(0)`, `fill_left(0)`, `fill_right(0)`: what stands in for a sample that one side of an operator lacks. */
import type { FillValues } from './ast.ts';
import type { TokenCursor } from './tokens.ts';

/** Words that are modifiers only before a parenthesis: else they are metrics' names. */
const isFill = (cursor: TokenCursor, word: string) => cursor.isWord(word) && cursor.isMark('(', 1);

export function parseFill(cursor: TokenCursor): FillValues | undefined {
  if (isFill(cursor, 'fill')) {
    const value = fillValue(cursor);
    return { left: value, right: value };
  }
  let fill: FillValues | undefined;
  for (;;) {
    if (fill?.left === undefined && isFill(cursor, 'fill_left')) fill = { ...fill, left: fillValue(cursor) };
    else if (fill?.right === undefined && isFill(cursor, 'fill_right')) fill = { ...fill, right: fillValue(cursor) };
    else return fill;
  }
}

function fillValue(cursor: TokenCursor): number {
  const where = `${cursor.next().text} modifier`;
  const open = cursor.expectMark('(', where);
  const sign = cursor.takeMark('-') ?? cursor.takeMark('+');
  const token = cursor.peek();
  const special = token.kind === 'identifier' ? SPECIAL[token.text.toLowerCase()] : undefined;
  const value = token.kind === 'number' || token.kind === 'duration' ? token.value! : special;
  if (value === undefined) return cursor.failExpecting('a number', where, 'write fill(0)');
  cursor.next();
  cursor.expectClosing(')', open, where);
  return sign?.text === '-' ? -value : value;
}

const SPECIAL: Readonly<Record<string, number>> = { inf: Infinity, nan: NaN };

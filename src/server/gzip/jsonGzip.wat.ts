/**
 * Deflate of JSON, in WebAssembly, in two passes: what repeats earlier text, then the bits of it.
 *
 * Where text of JSON repeats, it mostly does so from a quotation mark on: names, the time after a value, the value after a time. So earlier text is looked
 * for at these, and besides at every eighth byte of what has no mark (digits of periodic fractions), not at every byte. Sixteen bytes like the next
 * ones are preferred (the same time of the series before), then the nearest three (the point before). Bytes before the mark are taken along.
 */
import { get, increase, set } from '../wasm/text.ts';

/** Of the text. */
export const TEXT_BYTES_MAX = 512 * 1024;
export const LENGTH_MIN = 3;
export const LENGTH_MAX = 258;
const DISTANCE_MAX = 32 * 1024;
export const LITERALS = 257;
export const DISTANCES = 30;
/** Text that is alike so far is a candidate; the same number of bytes is compared at once. */
const LONG = 16;
/** Within text without a mark: where earlier text is first looked for, how far on again, and how near the end not any more. */
const PLAIN_FROM = 8;
const PLAIN_STEP = 8;
const PLAIN_REST = 10;
/** The kernel reads and writes so far beyond an end. */
export const PADDING = 320;

const SHORT_BITS = 12;
const LONG_BITS = 13;
const PLAIN_BITS = 12;

/** Sixteen marks. */
export const MARKS_AT = 0;
/** Where the copied literals end. */
export const STATE_AT = 16;
/** How often each comes, 32 bits each; literals in four parts. */
export const LITERAL_COUNTS_AT = 64;
export const LENGTH_COUNTS_AT = LITERAL_COUNTS_AT + 4 * 4 * 256;
export const DISTANCE_COUNTS_AT = LENGTH_COUNTS_AT + 4 * (LENGTH_MAX + 1);
/**
 * By bytes and lengths: the bits, and in the lowest eight how many. By symbols of distances in 64 bits: how many with those that follow in the lowest eight, the
 * bits in sixteen, how many these are in eight, and from 32 on a mask of those that follow.
 */
export const LITERAL_CODES_AT = DISTANCE_COUNTS_AT + 4 * 32;
export const LENGTH_CODES_AT = LITERAL_CODES_AT + 4 * LITERALS;
export const DISTANCE_CODES_AT = LENGTH_CODES_AT + 4 * (LENGTH_MAX + 1);
/** Symbols of distances, less 1: of those below 256, then of each 128. */
export const DISTANCE_SYMBOLS_AT = DISTANCE_CODES_AT + 8 * 32;
/** Where text was seen last, by a hash. */
export const SEEN_AT = DISTANCE_SYMBOLS_AT + 512;
const SHORT_AT = SEEN_AT;
const LONG_AT = SHORT_AT + 4 * 2 ** SHORT_BITS;
const PLAIN_AT = LONG_AT + 4 * 2 ** LONG_BITS;
export const SEEN_BYTES = PLAIN_AT + 4 * 2 ** PLAIN_BITS - SEEN_AT;
/** The text, and then what becomes of it: at most nine bits a byte, and what a block begins with. Farther from 0 than what is found may be. */
export const TEXT_AT = 128 * 1024;
const TEXT_ROOM = TEXT_BYTES_MAX + TEXT_BYTES_MAX / 8 + 4 * PADDING;
/** Bytes that no earlier text stands for, one after the other. */
export const LITERALS_AT = TEXT_AT + TEXT_ROOM;
/** What is repeated, eight bytes each: how many literals before it; distance less 1 (15 bits), its symbol (5), length. */
export const REPEATS_AT = LITERALS_AT + TEXT_BYTES_MAX + PADDING;
/** Where the marks are, and where the text ends. */
const PLACES_AT = REPEATS_AT + 8 * (TEXT_BYTES_MAX / LENGTH_MIN) + PADDING;
const END = PLACES_AT + 4 * TEXT_BYTES_MAX + PADDING;
const PAGE_SIZE = 65_536;

const i32 = (n: number) => `(i32.const ${n | 0})`;
const add = (a: string, b: string) => `(i32.add ${a} ${b})`;
const sub = (a: string, b: string) => `(i32.sub ${a} ${b})`;
const min = (name: string, limit: string) => `(if (i32.gt_u ${get(name)} ${limit}) (then ${set(name, limit)}))`;
/** A bit for each of sixteen bytes that differ. */
const differing = (a: string, b: string) => `(i8x16.bitmask (i8x16.ne (v128.load ${a}) (v128.load ${b})))`;
const hash = (v: string, bits: number) =>
  `(i32.wrap_i64 (i64.shr_u (i64.mul ${v} (i64.const ${BigInt.asIntN(64, 0x9e3779b185ebca87n)})) (i64.const ${64 - bits})))`;
/** Sets 'from' to where a hash was seen last, and that it is seen at 'at'. */
const lastSeen = (from: string, table: number, hashed: string) => `
  ${set('slot', `(i32.shl ${hashed} (i32.const 2))`)}
  ${set(from, `(i32.load offset=${table} ${get('slot')})`)}
  (i32.store offset=${table} ${get('slot')} ${get('at')})`;
const isNear = `(i32.lt_u ${sub(sub(get('at'), get('from')), i32(1))} ${i32(DISTANCE_MAX)})`;
const count = (table: number, of: string) => `
  ${set('slot', `(i32.shl ${of} (i32.const 2))`)}
  (i32.store offset=${table} ${get('slot')} ${add(`(i32.load offset=${table} ${get('slot')})`, i32(1))})`;
const symbolOf = (distance: string) => `(i32.load8_u offset=${DISTANCE_SYMBOLS_AT} (select ${get(distance)}
  ${add(i32(256), `(i32.shr_u ${get(distance)} (i32.const 7))`)} (i32.lt_u ${get(distance)} (i32.const 256))))`;

/** Takes what 'at' repeats of 'from', where 'differ' tells which of the first sixteen bytes do not: literals before it, then the repeat. */
const TAKE = `
  ${set('length', `(i32.ctz ${get('differ')})`)}
  (if (i32.eqz ${get('differ')}) (then
    ${set('length', i32(LONG))}
    (block $ends (loop $more
      ${set('differ', differing(add(get('from'), get('length')), add(get('at'), get('length'))))}
      ${increase('length', `(select (i32.ctz ${get('differ')}) (i32.const 16) ${get('differ')})`)}
      (br_if $ends ${get('differ')})
      (br_if $more (i32.lt_u ${get('length')} ${i32(LENGTH_MAX - 8)}))))))
  ${set(
    'back',
    `(i32.wrap_i64 (i64.shr_u (i64.clz (i64.xor
    (i64.load ${sub(get('at'), i32(8))}) (i64.load ${sub(get('from'), i32(8))}))) (i64.const 3)))`,
  )}
  ${min('back', sub(get('at'), get('done')))}
  ${min('back', sub(get('from'), i32(TEXT_AT)))}
  ${min('length', sub(get('end'), get('at')))}
  ${increase('length', get('back'))}
  ${min('length', i32(LENGTH_MAX))}
  ${set('distance', sub(sub(get('at'), get('from')), i32(1)))}
  ${set('to', sub(get('at'), get('back')))}
  (i32.store ${get('repeat')} ${sub(get('to'), get('done'))})
  ${set('symbol', symbolOf('distance'))}
  (i32.store offset=4 ${get('repeat')} (i32.or ${get('distance')}
    (i32.or (i32.shl ${get('symbol')} (i32.const 15)) (i32.shl ${get('length')} (i32.const 20)))))
  ${increase('repeat', i32(8))}
  ${count(LENGTH_COUNTS_AT, get('length'))}
  ${count(DISTANCE_COUNTS_AT, get('symbol'))}
  (v128.store ${get('literal')} (v128.load ${get('done')}))
  (if (i32.gt_u ${sub(get('to'), get('done'))} (i32.const 16)) (then
    (call $copy ${get('done')} ${get('literal')} ${get('to')})))
  ${increase('literal', sub(get('to'), get('done')))}
  ${set('done', add(get('to'), get('length')))}
`;

const withoutLowest = set('bits', `(i32.and ${get('bits')} ${sub(get('bits'), i32(1))})`);
const placeMark = (offset: number) => `
    (i32.store offset=${offset} ${get('place')} ${add(get('at'), `(i32.ctz ${get('bits')})`)})
    ${withoutLowest}`;

/** Writes where the marks are, and behind them the end. Of sixteen bytes up to two are written in any case: most have none to two. @returns where these end. */
const MARKS = `
(func $marks (param $end i32) (result i32)
  (local $at i32) (local $place i32) (local $bits i32) (local $left i32) (local $rest i32)
  ${set('at', i32(TEXT_AT))}
  ${set('place', i32(PLACES_AT))}
  (block $done (loop $next
    (br_if $done (i32.ge_u ${get('at')} ${get('end')}))
    ${set('bits', `(i32.xor (i32.const 0xffff) ${differing(get('at'), i32(MARKS_AT))})`)}
    ${set('left', `(i32.popcnt ${get('bits')})`)}
    ${placeMark(0)}
    ${placeMark(4)}
    ${increase('place', `(i32.shl ${get('left')} (i32.const 2))`)}
    (if (i32.gt_u ${get('left')} (i32.const 2)) (then
      ${set('rest', sub(get('place'), `(i32.shl ${sub(get('left'), i32(2))} (i32.const 2))`))}
      (loop $more
        (i32.store ${get('rest')} ${add(get('at'), `(i32.ctz ${get('bits')})`)})
        ${withoutLowest}
        ${increase('rest', i32(4))}
        (br_if $more ${get('bits')}))))
    ${increase('at', i32(16))}
    (br $next)))
  (i32.store ${get('place')} ${get('end')})
  ${get('place')})
`;

const COPY = `
(func $copy (param $from i32) (param $to i32) (param $end i32)
  (loop $more
    (v128.store ${get('to')} (v128.load ${get('from')}))
    ${increase('to', i32(16))}
    ${increase('from', i32(16))}
    (br_if $more (i32.lt_u ${get('from')} ${get('end')}))))
`;

/** Finds what repeats earlier text, up to the end of it, and counts. @returns where the repeats end. */
const FIND = `
(func $find (param $end i32) (result i32)
  (local $place i32) (local $places i32) (local $at i32) (local $next i32) (local $from i32) (local $near i32) (local $differ i32)
  (local $length i32) (local $back i32) (local $distance i32) (local $to i32) (local $slot i32) (local $symbol i32)
  (local $done i32) (local $literal i32) (local $repeat i32) (local $bytes i64)
  ${set('places', `(call $marks ${get('end')})`)}
  ${set('place', i32(PLACES_AT))}
  ${set('done', i32(TEXT_AT))}
  ${set('literal', i32(LITERALS_AT))}
  ${set('repeat', i32(REPEATS_AT))}
  (block $all (loop $mark
    (br_if $all (i32.ge_u ${get('place')} ${get('places')}))
    ${set('at', `(i32.load ${get('place')})`)}
    (br_if $all (i32.gt_u ${add(get('at'), i32(LENGTH_MIN))} ${get('end')}))
    ${set('next', `(i32.load offset=4 ${get('place')})`)}
    ${increase('place', i32(4))}
    ${set('bytes', `(i64.load ${get('at')})`)}
    ${lastSeen('near', SHORT_AT, hash(`(i64.shl ${get('bytes')} (i64.const ${64 - 8 * LENGTH_MIN}))`, SHORT_BITS))}
    ${lastSeen('from', LONG_AT, hash(`(i64.xor ${get('bytes')} (i64.mul (i64.load offset=8 ${get('at')}) (i64.const ${BigInt.asIntN(64, 0xc2b2ae3d27d4eb4fn)})))`, LONG_BITS))}
    (if (i32.ge_u ${get('at')} ${get('done')}) (then
      ${set('differ', differing(get('at'), get('from')))}
      (if (i32.or ${get('differ')} (i32.eqz ${isNear})) (then
        ${set('from', get('near'))}
        ${set('differ', differing(get('at'), get('from')))}))
      (if (i32.and ${isNear} (i32.eqz (i32.and ${get('differ')} (i32.const 7)))) (then ${TAKE}))))
    ${set('at', add(get('at'), i32(PLAIN_FROM)))}
    (block $short (loop $plain
      (br_if $short (i32.gt_u ${add(get('at'), i32(PLAIN_REST))} ${get('next')}))
      ${set('bytes', `(i64.load ${get('at')})`)}
      ${lastSeen('from', PLAIN_AT, hash(get('bytes'), PLAIN_BITS))}
      (if (i32.and (i64.eq (i64.load ${get('from')}) ${get('bytes')}) (i32.and ${isNear} (i32.ge_u ${get('at')} ${get('done')}))) (then
        ${set('differ', differing(get('at'), get('from')))}
        ${TAKE}))
      ${increase('at', i32(PLAIN_STEP))}
      (br $plain)))
    (br $mark)))
  (if (i32.lt_u ${get('done')} ${get('end')}) (then (call $copy ${get('done')} ${get('literal')} ${get('end')})))
  ${increase('literal', `(select ${sub(get('end'), get('done'))} (i32.const 0) (i32.lt_u ${get('done')} ${get('end')}))`)}
  (i32.store (i32.const ${STATE_AT}) ${get('literal')})
  (call $count ${get('literal')})
  ${get('repeat')})
`;

const countOne = (part: number) => count(LITERAL_COUNTS_AT + 1024 * part, `(i32.load8_u offset=${part} ${get('at')})`);

/** Counts the literals: each fourth in a part of its own, as a count that was just written is slow to read. */
const COUNT = `
(func $count (param $end i32)
  (local $at i32) (local $slot i32)
  ${set('at', i32(LITERALS_AT))}
  (block $few (loop $four
    (br_if $few (i32.gt_u ${add(get('at'), i32(4))} ${get('end')}))
    ${[0, 1, 2, 3].map(countOne).join('')}
    ${increase('at', i32(4))}
    (br $four)))
  (block $done (loop $one
    (br_if $done (i32.ge_u ${get('at')} ${get('end')}))
    ${countOne(0)}
    ${increase('at', i32(1))}
    (br $one))))
`;

const more = (name: string, by: string) => set(name, `(i64.add ${get(name)} ${by})`);
const none = `${set('some', '(i64.const 0)')} ${set('size', '(i64.const 0)')}`;
/** Appends 'code' to 'some' bits. 'size' tells how many these are in its lowest six bits, which are all that shifts look at. */
const gather = `
  ${set('some', `(i64.or ${get('some')} (i64.shl (i64.shr_u ${get('code')} (i64.const 8)) ${get('size')}))`)}
  ${more('size', get('code'))}`;
const sizeOfSome = `(i64.and ${get('size')} (i64.const 63))`;
/** Appends some bits to all that is written. */
const join = `
  ${set('bits', `(i64.or ${get('bits')} (i64.shl ${get('some')} ${get('count')}))`)}
  ${more('count', sizeOfSome)}`;
const codeOf = (offset: number) =>
  `(i64.load32_u offset=${LITERAL_CODES_AT} (i32.shl (i32.load8_u offset=${offset} ${get('literal')}) (i32.const 2)))`;
const LITERALS_AT_ONCE = [0, 1, 2];
const flush = `
  (i64.store ${get('out')} ${get('bits')})
  ${increase('out', `(i32.wrap_i64 (i64.shr_u ${get('count')} (i64.const 3)))`)}
  ${set('bits', `(i64.shr_u ${get('bits')} (i64.and ${get('count')} (i64.const 56)))`)}
  ${set('count', `(i64.and ${get('count')} (i64.const 7))`)}`;
/**
 * Literals up to 'left', three at a time: these are at most 45 bits. The last three are not flushed. How many these are is not foreseen well: no branch depends
 * on it; and they are gathered, as what is written waits for all before.
 */
const LITERALS_LEFT = `
  (block $few (loop $three
    (br_if $few (i32.le_u ${get('left')} (i32.const 3)))
    ${none}
    ${LITERALS_AT_ONCE.map((offset) => set('code', codeOf(offset)) + gather).join('')}
    ${join}
    ${flush}
    ${increase('literal', i32(3))}
    ${increase('left', i32(-3))}
    (br $three)))
  ${none}
  ${LITERALS_AT_ONCE.map(
    (offset) =>
      set('code', `(select ${codeOf(offset)} (i64.const 0) (i32.gt_u ${get('left')} ${i32(offset)}))`) + gather,
  ).join('')}
  ${join}
  ${increase('literal', get('left'))}`;

/** A part of 'both', as bytes in a table. */
const tableAt = (shift: number, mask: number) =>
  `(i32.and (i32.wrap_i64 (i64.shr_u ${get('both')} (i64.const ${shift}))) ${i32(mask)})`;
const DISTANCE_BITS = `(i64.or (i64.and (i64.shr_u ${get('code')} (i64.const 8)) (i64.const 0xffff))
      (i64.shl (i64.and ${get('both')} (i64.shr_u ${get('code')} (i64.const 32))) (i64.shr_u ${get('code')} (i64.const 24))))`;

/** Writes the bits of all, behind 'count' ones that are there already. @returns where they end: the byte behind the last one. */
const WRITE = `
(func $write (param $repeats i32) (param $out i32) (param $count i64) (result i32)
  (local $repeat i32) (local $literal i32) (local $left i32)
  (local $both i64) (local $code i64) (local $bits i64) (local $some i64) (local $size i64)
  ${set('bits', `(i64.extend_i32_u (i32.load8_u ${get('out')}))`)}
  ${set('repeat', i32(REPEATS_AT))}
  ${set('literal', i32(LITERALS_AT))}
  (block $rest (loop $next
    (br_if $rest (i32.ge_u ${get('repeat')} ${get('repeats')}))
    ${set('left', `(i32.load ${get('repeat')})`)}
    ${LITERALS_LEFT}
    ${set('both', `(i64.load32_u offset=4 ${get('repeat')})`)}
    ${increase('repeat', i32(8))}
    ${none}
    ${set('code', `(i64.load32_u offset=${LENGTH_CODES_AT} ${tableAt(18, 0x7fc)})`)}
    ${gather}
    ${set('code', `(i64.load offset=${DISTANCE_CODES_AT} ${tableAt(12, 0xf8)})`)}
    ${set('some', `(i64.or ${get('some')} (i64.shl ${DISTANCE_BITS} ${get('size')}))`)}
    ${more('size', get('code'))}
    (if (i64.gt_u (i64.add ${get('count')} ${sizeOfSome}) (i64.const 63)) (then ${flush}))
    ${join}
    ${flush}
    (br $next)))
  ${set('left', sub(`(i32.load (i32.const ${STATE_AT}))`, get('literal')))}
  ${LITERALS_LEFT}
  ${flush}
  ${none}
  ${set('code', `(i64.load32_u offset=${LITERAL_CODES_AT + 4 * (LITERALS - 1)} (i32.const 0))`)}
  ${gather}
  ${join}
  ${flush}
  (i64.store ${get('out')} ${get('bits')})
  ${add(get('out'), `(i32.wrap_i64 (i64.shr_u (i64.add ${get('count')} (i64.const 7)) (i64.const 3)))`)})
`;

export const JSON_GZIP = [`(memory $memory ${Math.ceil(END / PAGE_SIZE)})`, MARKS, COPY, COUNT, FIND, WRITE].join('');

/** Columns of doubles as tokens (shared/api/cellTokens.ts) in WebAssembly. */
import {
  DECIMAL_MAX,
  HASH_HIGH,
  HASH_LOW,
  KIND,
  KIND_BITS,
  MILLION,
  ROUNDED_MAX,
  SLOT_BITS,
  THOUSAND,
  TO_INTEGER,
  TOKEN_BYTES_MAX,
} from '../../shared/api/cellTokens.ts';
import { get, increase, set } from '../wasm/text.ts';

/** Cells that are written at once: few enough that the token of a run of them is one or two bytes. */
export const CELLS_MAX = 2048;
/** Tokens of so many bytes are taken out. */
export const PIECE_BYTES = 65_536;
/** The kernel writes this far beyond a region's end. */
const PADDING = 64;
/** The doubles of the tokens so far. */
export const SLOTS_AT = 0;
export const CELLS_AT = SLOTS_AT + 8 * (1 << SLOT_BITS);
export const OUT_AT = CELLS_AT + 8 * CELLS_MAX;
const END = OUT_AT + PIECE_BYTES + TOKEN_BYTES_MAX * CELLS_MAX + PADDING;
const PAGE_SIZE = 65_536;

const cell = (type: 'f64' | 'i64', index: string) =>
  `(${type}.load offset=${CELLS_AT} (i32.shl ${get(index)} (i32.const 3)))`;
const token = (kind: keyof typeof KIND, operand: string) =>
  `(i32.or (i32.shl ${operand} (i32.const ${KIND_BITS})) (i32.const ${KIND[kind]}))`;
const tokenOf = (kind: keyof typeof KIND, operand: string) =>
  set('at', `(call $token ${get('at')} ${token(kind, operand)})`);
/** Of one byte or two, as runs and slots have, without a jump. */
const shortToken = (kind: keyof typeof KIND, operand: string) => `
  ${set('token', token(kind, operand))}
  ${set('isLong', `(i32.gt_u ${get('token')} (i32.const 127))`)}
  (i32.store16 ${get('at')} (i32.or
    (i32.or (i32.and ${get('token')} (i32.const 127)) (i32.shl ${get('isLong')} (i32.const 7)))
    (i32.shl (i32.shr_u ${get('token')} (i32.const 7)) (i32.const 8))))
  ${increase('at', `(i32.add ${get('isLong')} (i32.const 1))`)}`;
const run = (kind: keyof typeof KIND, isSame: string) => `
  (block $ended
    (loop $more
      (br_if $ended (i32.ge_u ${get('end')} ${get('count')}))
      (br_if $ended (i32.eqz ${isSame}))
      ${increase('end', '(i32.const 1)')}
      (br $more)))
  ${shortToken(kind, `(i32.sub (i32.sub ${get('end')} ${get('i')}) (i32.const 1))`)}
  (br $written)`;
/** An integer by its magnitude's place after its sign's. */
const zigzag = (m: string) => `(i32.xor (i32.shl ${m} (i32.const 1)) (i32.shr_s ${m} (i32.const 31)))`;
const decimal = (kind: keyof typeof KIND, scale: number) => `
  ${set('scaled', `(f64.mul ${get('v')} (f64.const ${scale}))`)}
  ${set('m', `(f64.sub (f64.add ${get('scaled')} (f64.const ${TO_INTEGER})) (f64.const ${TO_INTEGER}))`)}
  ;; Most are odd doubles, which this tells without a division.
  (if (f64.lt (f64.abs (f64.sub ${get('scaled')} ${get('m')})) (f64.const ${ROUNDED_MAX})) (then
    (if (i32.and
        (f64.eq (f64.div ${get('m')} (f64.const ${scale})) ${get('v')})
        (f64.lt (f64.abs ${get('m')}) (f64.const ${DECIMAL_MAX + 1}))) (then
      ${set('end', `(i32.wrap_i64 (i64.trunc_f64_s ${get('m')}))`)}
      ${tokenOf(kind, zigzag(get('end')))}
      (br $number)))))`;

/** Writes a token that fits 32 bits. Gives where it ends. */
const TOKEN = `
(func $token (param $at i32) (param $left i32) (result i32)
  (block $last
    (loop $next
      (br_if $last (i32.gt_u (i32.const 128) ${get('left')}))
      (i32.store8 ${get('at')} (i32.or ${get('left')} (i32.const 128)))
      ${set('left', `(i32.shr_u ${get('left')} (i32.const 7))`)}
      ${increase('at', '(i32.const 1)')}
      (br $next)))
  (i32.store8 ${get('at')} ${get('left')})
  (i32.add ${get('at')} (i32.const 1)))
`;

/** Writes so many cells, from 'at' on. Gives where their tokens end. */
const COLUMN = `
(func $column (param $count i32) (param $at i32) (result i32)
  (local $i i32) (local $end i32) (local $bits i64) (local $v f64) (local $scaled f64) (local $m f64)
  (local $slot i32) (local $token i32) (local $isLong i32)
  (block $done
    (loop $next
      (br_if $done (i32.ge_u ${get('i')} ${get('count')}))
      ${set('end', `(i32.add ${get('i')} (i32.const 1))`)}
      ${set('bits', cell('i64', 'i'))}
      ${set('v', cell('f64', 'i'))}
      (block $written
        (if (i64.eqz ${get('bits')}) (then ${run('zeros', `(i64.eqz ${cell('i64', 'end')})`)}))
        (if (i32.eqz (f64.eq ${get('v')} ${get('v')})) (then
          ${run('gaps', `(i32.eqz (f64.eq ${cell('f64', 'end')} ${cell('f64', 'end')}))`)}))
        (block $number
          ${set(
            'slot',
            `(i32.shr_u (i32.mul
              (i32.xor (i32.wrap_i64 (i64.shr_u ${get('bits')} (i64.const 32)))
                (i32.mul (i32.wrap_i64 ${get('bits')}) (i32.const ${HASH_LOW | 0})))
              (i32.const ${HASH_HIGH | 0})) (i32.const ${32 - SLOT_BITS}))`,
          )}
          (if (i64.eq (i64.load offset=${SLOTS_AT} (i32.shl ${get('slot')} (i32.const 3))) ${get('bits')}) (then
            ${shortToken('slot', get('slot'))}
            (br $number)))
          (if (f64.lt (f64.abs ${get('v')}) (f64.const ${DECIMAL_MAX + 1}))
            (then
              ${set('end', `(i32.wrap_i64 (i64.trunc_f64_s ${get('v')}))`)}
              (if (f64.eq (f64.convert_i64_s (i64.trunc_f64_s ${get('v')})) ${get('v')}) (then
                (if (i32.eqz ${get('end')})
                  (then ${tokenOf('special', '(i32.const 0)')})
                  (else ${tokenOf('integer', zigzag(get('end')))}))
                (br $number)))
              ${decimal('thousandths', THOUSAND)}
              ${decimal('millionths', MILLION)})
            (else
              (if (f64.eq (f64.abs ${get('v')}) (f64.const Infinity)) (then
                ${tokenOf('special', `(i32.add (i32.const 1) (f64.lt ${get('v')} (f64.const 0)))`)}
                (br $number)))))
          (i64.store offset=${SLOTS_AT} (i32.shl ${get('slot')} (i32.const 3)) ${get('bits')})
          (i32.store8 ${get('at')} (i32.const ${KIND.double}))
          (i64.store offset=1 ${get('at')} ${get('bits')})
          ${increase('at', `(i32.const ${TOKEN_BYTES_MAX})`)})
        ${set('end', `(i32.add ${get('i')} (i32.const 1))`)})
      ${set('i', get('end'))}
      (br $next)))
  ${get('at')})
`;

export const CELL_TOKENS = [`(memory $memory ${Math.ceil(END / PAGE_SIZE)})`, TOKEN, COLUMN].join('');

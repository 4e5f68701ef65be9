/**
 * What packing does with each sample, in WebAssembly: what a column is, its integers as runs, its floats as ulps, its decimals, and summaries. Columns lie
 * in slots of the kernel's memory, one float64 a sample. The same in plain code is in `denseColumn.ts`, `columnWriter.ts`, `integerRun.ts`, `ulpRun.ts`,
 * `decimals.ts` and `summary.ts`: it packs chunks of more rows, and is the oracle of the tests, byte for byte.
 */
import { RICE_PLAIN_BITS, RICE_QUOTIENT_MAX } from '../../../shared/bytes/bits.ts';
import { DECIMAL_EXPONENT_MAX, EXCEPTION_SHARE } from './decimals.ts';
import { INTEGER_MAX, RUN, SPARSE_SHARE } from './integerRun.ts';
import { HAS_RESETS, HAS_VALUES, RESETS_KNOWN, FALLS_SHARE } from './summary.ts';
import { ULP_K_MAX } from './ulpRun.ts';

/** Of a chunk that is packed here: as many as a long chunk has. */
export const KERNEL_ROWS_MAX = 2048;
/** Columns that are held at once. */
export const SLOTS = 272;

export const LOOK = { integers: 1, rising: 2, constant: 4, steady: 8 } as const;

const ROW_BYTES = 8 * KERNEL_ROWS_MAX;
/** What a call gives beside its result: two words. */
export const STATE_AT = 0;
export const POWERS_AT = 64;
/** By stride, the samples up to its end. */
export const ENDS_AT = POWERS_AT + 8 * (DECIMAL_EXPONENT_MAX + 1);
/** Places of samples that are no decimals. */
export const EXCEPTIONS_AT = ENDS_AT + 4 * KERNEL_ROWS_MAX;
/** Integers that are no column's own: a difference, or decimals. */
export const SCRATCH_AT = EXCEPTIONS_AT + 4 * KERNEL_ROWS_MAX;
const QUOTIENTS_AT = SCRATCH_AT + ROW_BYTES;
/** Of a run: its steps; the steps that are not zero with the zeros between them; what it has over its smallest number. */
const CODES_AT = QUOTIENTS_AT + ROW_BYTES;
const PAIRS_AT = CODES_AT + ROW_BYTES;
const OVER_AT = PAIRS_AT + 2 * ROW_BYTES + 16;
/** A code takes ten bytes at most, and is written with eight. */
const PAYLOAD_AT = OVER_AT + ROW_BYTES;
const PAYLOAD_SIZE = 24 * KERNEL_ROWS_MAX + 64;
/** What stands before the codes of a stride takes less than this. */
const ENTRY_SIZE_MAX = 96;
export const OUT_AT = PAYLOAD_AT + PAYLOAD_SIZE;
export const OUT_SIZE = ENTRY_SIZE_MAX * (KERNEL_ROWS_MAX + 1) + PAYLOAD_SIZE;
export const SLOTS_AT = OUT_AT + OUT_SIZE;
const PAGES = Math.ceil((SLOTS_AT + SLOTS * ROW_BYTES) / 65_536);

const NUMBERS = `
(func $varint (param $at i32) (param $n i64) (result i32)
  (block $last
    (loop $next
      (br_if $last (i64.le_u (local.get $n) (i64.const 127)))
      (i64.store8 (local.get $at) (i64.or (local.get $n) (i64.const 128)))
      (local.set $n (i64.shr_u (local.get $n) (i64.const 7)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
  (i64.store8 (local.get $at) (local.get $n))
  (i32.add (local.get $at) (i32.const 1)))

(func $zigzag (param $at i32) (param $v f64) (result i32)
  (local $n i64)
  (local.set $n (i64.trunc_f64_s (local.get $v)))
  (call $varint (local.get $at) (i64.xor (i64.shl (local.get $n) (i64.const 1)) (i64.shr_s (local.get $n) (i64.const 63)))))

;; An integer in four times itself, or a float64 behind a 1.
(func $number (param $at i32) (param $v f64) (result i32)
  (if (i32.and (f64.eq (f64.floor (local.get $v)) (local.get $v)) (i32.and
      (f64.lt (f64.abs (local.get $v)) (f64.const ${2 ** 50}))
      (i64.ne (i64.reinterpret_f64 (local.get $v)) (i64.const $MINUS_ZERO)))) (then
    (return (call $varint (local.get $at) (i64.or
      (i64.shl (i64.trunc_f64_s (f64.abs (local.get $v))) (i64.const 2))
      (i64.extend_i32_u (i32.shl (f64.lt (local.get $v) (f64.const 0)) (i32.const 1))))))))
  (i32.store8 (local.get $at) (i32.const 1))
  (if (f64.ne (local.get $v) (local.get $v)) (then (local.set $v (f64.const NaN))))
  (f64.store offset=1 (local.get $at) (local.get $v))
  (i32.add (local.get $at) (i32.const 9)))

;; As Math.round: halves go up.
(func $round (param $v f64) (result f64)
  (local $up f64)
  (local.set $up (f64.ceil (local.get $v)))
  (select (f64.sub (local.get $up) (f64.const 1)) (local.get $up)
    (f64.gt (f64.sub (local.get $up) (f64.const 0.5)) (local.get $v))))
`;

const LOOKING = `
;; What 'count' samples are, at least one, as flags of LOOK.
(func $look (param $at i32) (param $count i32) (result i32)
  (local $end i32) (local $v f64) (local $before f64) (local $step f64) (local $first i64)
  (local $integers i32) (local $rising i32) (local $constant i32) (local $steady i32)
  (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 3))))
  (local.set $before (f64.load (local.get $at)))
  (local.set $first (i64.load (local.get $at)))
  (if (i32.gt_u (local.get $count) (i32.const 1)) (then
    (local.set $step (f64.sub (f64.load offset=8 (local.get $at)) (local.get $before)))))
  (local.set $rising (f64.eq (local.get $before) (local.get $before)))
  (local.set $integers (i32.const 1))
  (local.set $constant (i32.const 1))
  (local.set $steady (i32.const 1))
  (local.set $before (f64.sub (local.get $before) (local.get $step)))
  (loop $next
    (local.set $v (f64.load (local.get $at)))
    (local.set $integers (i32.and (local.get $integers) (i32.and
      (i32.and (f64.eq (f64.floor (local.get $v)) (local.get $v)) (f64.le (f64.abs (local.get $v)) (f64.const $INTEGER_MAX)))
      (i64.ne (i64.load (local.get $at)) (i64.const $MINUS_ZERO)))))
    (local.set $constant (i32.and (local.get $constant) (i64.eq (i64.load (local.get $at)) (local.get $first))))
    (local.set $steady (i32.and (local.get $steady) (f64.eq (f64.sub (local.get $v) (local.get $before)) (local.get $step))))
    (local.set $before (local.get $v))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
  (local.set $at (i32.sub (local.get $end) (i32.shl (i32.sub (local.get $count) (i32.const 1)) (i32.const 3))))
  (block $known
    (loop $next
      (br_if $known (i32.ge_u (local.get $at) (local.get $end)))
      (if (i32.eqz (f64.ge (f64.load (local.get $at)) (f64.load (i32.sub (local.get $at) (i32.const 8))))) (then
        (local.set $rising (i32.const 0))
        (br $known)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $next)))
  (i32.or (i32.or (local.get $integers) (i32.shl (local.get $rising) (i32.const 1)))
    (i32.or (i32.shl (local.get $constant) (i32.const 2))
      (i32.shl (i32.and (local.get $integers) (local.get $steady)) (i32.const 3)))))

(func $isSteady (param $at i32) (param $count i32) (result i32)
  (local $end i32) (local $step f64)
  (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 3))))
  (if (i32.le_u (local.get $count) (i32.const 2)) (then (return (i32.const 1))))
  (local.set $step (f64.sub (f64.load offset=8 (local.get $at)) (f64.load (local.get $at))))
  (local.set $at (i32.add (local.get $at) (i32.const 16)))
  (loop $next
    (if (f64.ne (f64.sub (f64.load (local.get $at)) (f64.load (i32.sub (local.get $at) (i32.const 8)))) (local.get $step)) (then
      (return (i32.const 0))))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
  (i32.const 1))

(func $hash (param $at i32) (param $count i32) (result i32)
  (local $end i32) (local $hash i32)
  (local.set $hash (local.get $count))
  (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 3))))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $hash (i32.add
        (i32.mul (i32.xor (local.get $hash) (i32.load (local.get $at))) (i32.const 16777619))
        (i32.mul (i32.load offset=4 (local.get $at)) (i32.const -1640531535))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $next)))
  (local.get $hash))

;; What each sample has over that of another column, into SCRATCH; 0 where a difference is too large.
(func $subtract (param $at i32) (param $below i32) (param $count i32) (result i32)
  (local $i i32) (local $end i32) (local $d f64)
  (local.set $end (i32.shl (local.get $count) (i32.const 3)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
      (local.set $d (f64.sub (f64.load (i32.add (local.get $at) (local.get $i))) (f64.load (i32.add (local.get $below) (local.get $i)))))
      (if (i32.eqz (f64.le (f64.abs (local.get $d)) (f64.const $INTEGER_MAX))) (then (return (i32.const 0))))
      (f64.store offset=$SCRATCH (local.get $i) (local.get $d))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $next)))
  (i32.const 1))

;; Sum of the steps of what one column has over another.
(func $movement (param $at i32) (param $below i32) (param $count i32) (result f64)
  (local $end i32) (local $d f64) (local $before f64) (local $sum f64)
  (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 3))))
  (block $done
    (loop $next
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (local.set $below (i32.add (local.get $below) (i32.const 8)))
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $sum (f64.add (local.get $sum) (f64.abs (f64.sub
        (f64.sub (f64.load (local.get $at)) (f64.load (i32.sub (local.get $at) (i32.const 8))))
        (f64.sub (f64.load (local.get $below)) (f64.load (i32.sub (local.get $below) (i32.const 8))))))))
      (br $next)))
  (local.get $sum))
`;

const DECIMALS = `
(func $fits (param $v f64) (param $e i32) (result i32)
  (local $power f64) (local $n f64)
  (local.set $power (f64.load offset=$POWERS (i32.shl (local.get $e) (i32.const 3))))
  (local.set $n (call $round (f64.mul (local.get $v) (local.get $power))))
  (i32.and (f64.le (f64.abs (local.get $n)) (f64.const $INTEGER_MAX)) (i32.and
    (f64.eq (f64.div (local.get $n) (local.get $power)) (local.get $v))
    (i64.ne (i64.reinterpret_f64 (local.get $v)) (i64.const $MINUS_ZERO)))))

;; Integers into SCRATCH; gives the exponent, -1 where too many are no decimals. At STATE: how many exceptions there are.
(func $decimals (param $at i32) (param $count i32) (result i32)
  (local $i i32) (local $exponent i32) (local $e i32) (local $misfits i32) (local $most i32) (local $v f64) (local $before f64)
  (local.set $most (i32.div_u (local.get $count) (i32.const $EXCEPTION_SHARE)))
  (loop $next
    (local.set $v (f64.load (i32.add (local.get $at) (i32.shl (local.get $i) (i32.const 3)))))
    (local.set $e (local.get $exponent))
    (block $found
      (loop $more
        (br_if $found (i32.gt_u (local.get $e) (i32.const $EXPONENT_MAX)))
        (br_if $found (call $fits (local.get $v) (local.get $e)))
        (local.set $e (i32.add (local.get $e) (i32.const 1)))
        (br $more)))
    (if (i32.le_u (local.get $e) (i32.const $EXPONENT_MAX)) (then (local.set $exponent (local.get $e)))
    (else
      (local.set $misfits (i32.add (local.get $misfits) (i32.const 1)))
      (if (i32.gt_u (local.get $misfits) (local.get $most)) (then (return (i32.const -1))))))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $i) (local.get $count))))
  (local.set $i (i32.const 0))
  (local.set $misfits (i32.const 0))
  (loop $next
    (local.set $v (f64.load (i32.add (local.get $at) (i32.shl (local.get $i) (i32.const 3)))))
    (if (call $fits (local.get $v) (local.get $exponent)) (then
      (local.set $before (f64.add (f64.const 0) (call $round (f64.mul (local.get $v)
        (f64.load offset=$POWERS (i32.shl (local.get $exponent) (i32.const 3))))))))
    (else
      (i32.store offset=$EXCEPTIONS (i32.shl (local.get $misfits) (i32.const 2)) (local.get $i))
      (local.set $misfits (i32.add (local.get $misfits) (i32.const 1)))
      (if (i32.gt_u (local.get $misfits) (local.get $most)) (then (return (i32.const -1))))))
    (f64.store offset=$SCRATCH (i32.shl (local.get $i) (i32.const 3)) (local.get $before))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $i) (local.get $count))))
  (i32.store (i32.const $STATE) (local.get $misfits))
  (local.get $exponent))
`;

const SUMMARY = `
(func $summary (param $out i32) (param $at i32) (param $end i32) (result i32)
  (local $from i32) (local $v f64) (local $min f64) (local $max f64) (local $sum f64) (local $lost f64) (local $next f64) (local $resets f64)
  (local $before f64) (local $falls i32) (local $known i32) (local $isRising i32) (local $isFinite i32)
  (local.set $from (local.get $at))
  (local.set $min (f64.const NaN))
  (local.set $max (f64.const NaN))
  (local.set $before (f64.const -Infinity))
  (loop $sample
    (local.set $v (f64.load (local.get $at)))
    (if (f64.eq (local.get $v) (local.get $v)) (then
      (if (i32.eqz (f64.ge (local.get $v) (local.get $min))) (then (local.set $min (local.get $v))))
      (if (i32.eqz (f64.le (local.get $v) (local.get $max))) (then (local.set $max (local.get $v))))))
    (local.set $next (f64.add (local.get $sum) (local.get $v)))
    (local.set $lost (f64.add (local.get $lost) (select
      (f64.add (f64.sub (local.get $sum) (local.get $next)) (local.get $v))
      (f64.add (f64.sub (local.get $v) (local.get $next)) (local.get $sum))
      (f64.ge (f64.abs (local.get $sum)) (f64.abs (local.get $v))))))
    (local.set $sum (local.get $next))
    (if (f64.lt (local.get $v) (local.get $before)) (then
      (local.set $resets (f64.add (local.get $resets) (local.get $before)))
      (local.set $falls (i32.add (local.get $falls) (i32.const 1)))))
    (local.set $before (local.get $v))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $sample (i32.lt_u (local.get $at) (local.get $end))))
  (local.set $isFinite (f64.lt (f64.abs (local.get $sum)) (f64.const Infinity)))
  (local.set $known (i32.and (local.get $isFinite) (i32.le_u
    (i32.mul (local.get $falls) (i32.const $FALLS_SHARE))
    (i32.shr_u (i32.sub (local.get $end) (local.get $from)) (i32.const 3)))))
  (local.set $isRising (i32.and (i32.eqz (local.get $falls)) (i32.and
    (f64.eq (local.get $min) (f64.load (local.get $from)))
    (f64.eq (local.get $max) (local.get $before)))))
  (if (i32.eqz (local.get $falls)) (then (local.set $falls (i32.const 0))) (else (local.set $falls (local.get $known))))
  (i32.store8 (local.get $out) (i32.or
    (i32.or (i32.mul (local.get $known) (i32.const $RESETS_KNOWN)) (i32.mul (local.get $falls) (i32.const $HAS_RESETS)))
    (i32.mul (i32.eqz (local.get $isRising)) (i32.const $HAS_VALUES))))
  (local.set $out (i32.add (local.get $out) (i32.const 1)))
  (if (local.get $falls) (then (local.set $out (call $number (local.get $out) (local.get $resets)))))
  (if (i32.eqz (local.get $isRising)) (then
    (local.set $out (call $number (local.get $out) (local.get $min)))
    (local.set $out (call $number (local.get $out) (local.get $max)))))
  (call $number (local.get $out) (select (f64.add (local.get $sum) (local.get $lost)) (local.get $sum) (local.get $isFinite))))
`;

const RICE = `
;; The parameter with which Rice codes of 'count' numbers, 'stride' bytes apart, take least: it lies near the base-2 logarithm of the mean, whose
;; neighbours are tried. Gives the bits that they take in 64ths of itself, and the parameter in the rest. 'escape' is what a code takes whose quotient is too large.
(func $bestK (param $at i32) (param $count i32) (param $stride i32) (param $sum f64) (result i32)
  (local $middle i32) (local $first i32) (local $end i32) (local $q i64) (local $low i32) (local $mid i32) (local $high i32)
  (local $n i64) (local $k i64) (local $best i32) (local $size i32)
  (local.set $middle (i32.sub (i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64
    (f64.add (f64.mul (f64.div (local.get $sum) (f64.convert_i32_u (local.get $count))) (f64.const 0.69)) (f64.const 1)))
    (i64.const 52))) (i32.const 1023)))
  (if (i32.gt_s (local.get $middle) (i32.const 51)) (then (local.set $middle (i32.const 51))))
  (local.set $first (i32.sub (local.get $middle) (i32.ne (local.get $middle) (i32.const 0))))
  (local.set $k (i64.extend_i32_u (local.get $first)))
  (local.set $end (i32.add (local.get $at) (i32.mul (local.get $count) (local.get $stride))))
  (loop $next
    (local.set $n (i64.shr_u (i64.load (local.get $at)) (local.get $k)))
    (local.set $low (i32.add (local.get $low) (i32.wrap_i64
      (select (local.get $n) (i64.sub (i64.const $ESCAPED) (local.get $k)) (i64.lt_u (local.get $n) (i64.const $QUOTIENT_MAX))))))
    (local.set $n (i64.shr_u (local.get $n) (i64.const 1)))
    (local.set $mid (i32.add (local.get $mid) (i32.wrap_i64
      (select (local.get $n) (i64.sub (i64.const ${RICE_QUOTIENT_MAX + RICE_PLAIN_BITS - 2}) (local.get $k)) (i64.lt_u (local.get $n) (i64.const $QUOTIENT_MAX))))))
    (local.set $n (i64.shr_u (local.get $n) (i64.const 1)))
    (local.set $high (i32.add (local.get $high) (i32.wrap_i64
      (select (local.get $n) (i64.sub (i64.const ${RICE_QUOTIENT_MAX + RICE_PLAIN_BITS - 3}) (local.get $k)) (i64.lt_u (local.get $n) (i64.const $QUOTIENT_MAX))))))
    (local.set $at (i32.add (local.get $at) (local.get $stride)))
    (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
  (local.set $low (i32.add (local.get $low) (i32.mul (local.get $count) (i32.add (local.get $first) (i32.const 1)))))
  (local.set $mid (i32.add (local.get $mid) (i32.mul (local.get $count) (i32.add (local.get $first) (i32.const 2)))))
  (local.set $high (i32.add (local.get $high) (i32.mul (local.get $count) (i32.add (local.get $first) (i32.const 3)))))
  (local.set $best (local.get $first))
  (local.set $size (local.get $low))
  (if (i32.lt_u (local.get $mid) (local.get $size)) (then
    (local.set $best (i32.add (local.get $first) (i32.const 1)))
    (local.set $size (local.get $mid))))
  (if (i32.and (i32.ne (local.get $middle) (i32.const 0)) (i32.lt_u (local.get $high) (local.get $size))) (then
    (local.set $best (i32.add (local.get $first) (i32.const 2)))
    (local.set $size (local.get $high))))
  (i32.or (i32.shl (local.get $size) (i32.const 6)) (local.get $best)))

;; Rice codes of 'count' numbers at 'at', by 'k' and 'other' in turns, to 'out'; gives where the last byte ends.
(func $encode (param $at i32) (param $count i32) (param $k i32) (param $other i32) (param $out i32) (result i32)
  (local $end i32) (local $n i64) (local $q i32) (local $pending i64) (local $used i32) (local $both i32)
  (local.set $both (i32.xor (local.get $k) (local.get $other)))
  (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 3))))
  (loop $next
    (local.set $n (i64.load (local.get $at)))
    (if (i64.lt_u (i64.shr_u (local.get $n) (i64.extend_i32_u (local.get $k))) (i64.const $QUOTIENT_MAX)) (then
      (local.set $q (i32.wrap_i64 (i64.shr_u (local.get $n) (i64.extend_i32_u (local.get $k)))))
      (local.set $pending (i64.or (local.get $pending) (i64.shl
        (i64.extend_i32_u (i32.sub (i32.shl (i32.const 1) (local.get $q)) (i32.const 1))) (i64.extend_i32_u (local.get $used)))))
      (local.set $used (i32.add (local.get $used) (i32.add (local.get $q) (i32.const 1))))
      (local.set $n (i64.and (local.get $n) (i64.sub (i64.shl (i64.const 1) (i64.extend_i32_u (local.get $k))) (i64.const 1))))
      (local.set $q (local.get $k)))
    (else
      (local.set $pending (i64.or (local.get $pending) (i64.shl (i64.const ${2 ** RICE_QUOTIENT_MAX - 1}) (i64.extend_i32_u (local.get $used)))))
      (local.set $used (i32.add (local.get $used) (i32.const $QUOTIENT_MAX)))
      (local.set $q (i32.const $PLAIN_BITS))))
    (if (i32.gt_u (i32.add (local.get $used) (local.get $q)) (i32.const 63)) (then
      (i64.store (local.get $out) (local.get $pending))
      (local.set $out (i32.add (local.get $out) (i32.shr_u (local.get $used) (i32.const 3))))
      (local.set $pending (i64.shr_u (local.get $pending) (i64.extend_i32_u (i32.and (local.get $used) (i32.const 56)))))
      (local.set $used (i32.and (local.get $used) (i32.const 7)))))
    (local.set $pending (i64.or (local.get $pending) (i64.shl (local.get $n) (i64.extend_i32_u (local.get $used)))))
    (local.set $used (i32.add (local.get $used) (local.get $q)))
    (i64.store (local.get $out) (local.get $pending))
    (local.set $out (i32.add (local.get $out) (i32.shr_u (local.get $used) (i32.const 3))))
    (local.set $pending (i64.shr_u (local.get $pending) (i64.extend_i32_u (i32.and (local.get $used) (i32.const 56)))))
    (local.set $used (i32.and (local.get $used) (i32.const 7)))
    (local.set $k (i32.xor (local.get $k) (local.get $both)))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
  (i64.store (local.get $out) (local.get $pending))
  (i32.add (local.get $out) (i32.ne (local.get $used) (i32.const 0))))
`;

const STRIDES = `
;; What all differences from the first are multiples of; 1 where they are all alike.
(func $divisor (param $at i32) (param $count i32) (result i64)
  (local $end i32) (local $divisor i64) (local $a i64) (local $rest i64)
  (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 3))))
  (block $done
    (loop $next
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $a (i64.trunc_f64_s (f64.abs (f64.sub (f64.load (local.get $at)) (f64.load (i32.sub (local.get $at) (i32.const 8)))))))
      (br_if $next (i64.eq (local.get $a) (local.get $divisor)))
      (block $zero
        (loop $euclid
          (br_if $zero (i64.eqz (local.get $a)))
          (local.set $rest (local.get $a))
          (if (i64.eqz (local.get $divisor)) (then (local.set $a (i64.const 0)))
            (else (local.set $a (i64.rem_u (local.get $divisor) (local.get $a)))))
          (local.set $divisor (local.get $rest))
          (br $euclid)))
      (br_if $next (i64.ne (local.get $divisor) (i64.const 1)))))
  (select (local.get $divisor) (i64.const 1) (i64.ne (local.get $divisor) (i64.const 0))))

;; The directory and the codes of the strides of 'count' integers, by 'ends' of them at ENDS, to 'out'; gives where they end.
;; 'values' are those that summaries are of, 0 for none.
(func $strides (param $at i32) (param $count i32) (param $strides i32) (param $values i32) (param $out i32) (result i32)
  (local $divisor i64) (local $i i32) (local $end i32) (local $base f64) (local $by f64) (local $s i32) (local $from i32) (local $to i32)
  (local $lastBefore f64) (local $payload i32) (local $payloadEnd i32)
  (local.set $divisor (call $divisor (local.get $at) (local.get $count)))
  (local.set $out (call $varint (local.get $out) (local.get $divisor)))
  (if (i64.gt_u (local.get $divisor) (i64.const 1)) (then
    (local.set $base (f64.load (local.get $at)))
    (local.set $out (call $zigzag (local.get $out) (local.get $base)))
    (local.set $by (f64.convert_i64_s (local.get $divisor)))
    (local.set $end (i32.shl (local.get $count) (i32.const 3)))
    (loop $next
      (f64.store offset=$QUOTIENTS (local.get $i) (f64.div
        (f64.sub (f64.load (i32.add (local.get $at) (local.get $i))) (local.get $base)) (local.get $by)))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $end))))
    (local.set $at (i32.const $QUOTIENTS))))
  (local.set $payload (i32.const $PAYLOAD))
  (loop $stride
    (local.set $to (i32.shl (i32.load offset=$ENDS (i32.shl (local.get $s) (i32.const 2))) (i32.const 3)))
    (if (i32.ne (local.get $from) (local.get $to)) (then
      (local.set $payloadEnd (call $run (i32.add (local.get $at) (local.get $from)) (i32.add (local.get $at) (local.get $to)) (local.get $payload)))
      (local.set $out (call $head (local.get $out) (i32.add (local.get $at) (local.get $from)) (i32.add (local.get $at) (local.get $to))
        (local.get $lastBefore) (i32.sub (local.get $payloadEnd) (local.get $payload))))
      (local.set $payload (local.get $payloadEnd))
      (local.set $lastBefore (f64.load (i32.sub (i32.add (local.get $at) (local.get $to)) (i32.const 8))))
      (if (local.get $values) (then
        (local.set $out (call $summary (local.get $out) (i32.add (local.get $values) (local.get $from)) (i32.add (local.get $values) (local.get $to))))))))
    (local.set $from (local.get $to))
    (local.set $s (i32.add (local.get $s) (i32.const 1)))
    (br_if $stride (i32.lt_u (local.get $s) (local.get $strides))))
  (call $append (local.get $out) (local.get $payload)))

;; The payload up to its end, after what 'out' has.
(func $append (param $out i32) (param $payloadEnd i32) (result i32)
  (local $at i32)
  (local.set $at (i32.const $PAYLOAD))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $payloadEnd)))
      (v128.store (local.get $out) (v128.load (local.get $at)))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $next)))
  (i32.sub (local.get $out) (i32.sub (local.get $at) (local.get $payloadEnd))))

;; What a directory says of the run that was planned last.
(func $head (param $out i32) (param $at i32) (param $end i32) (param $lastBefore f64) (param $size i32) (result i32)
  (local $mode i32) (local $first f64)
  (local.set $mode (i32.load (i32.const $STATE)))
  (local.set $first (f64.load (local.get $at)))
  (local.set $out (call $varint (local.get $out) (i64.extend_i32_u
    (i32.add (local.get $mode) (i32.shl (i32.load offset=4 (i32.const $STATE)) (i32.const 3))))))
  (if (i32.ge_u (local.get $mode) (i32.const $SPARSE_RISING)) (then
    (i32.store8 (local.get $out) (i32.load offset=8 (i32.const $STATE)))
    (local.set $out (i32.add (local.get $out) (i32.const 1)))))
  (if (local.get $mode) (then (local.set $out (call $varint (local.get $out) (i64.extend_i32_u (local.get $size))))))
  (local.set $out (call $zigzag (local.get $out) (f64.sub (local.get $first) (local.get $lastBefore))))
  (local.set $out (call $zigzag (local.get $out) (f64.sub (f64.load (i32.sub (local.get $end) (i32.const 8))) (local.get $first))))
  (if (i32.eq (local.get $mode) (i32.const $DIRECT)) (then
    (local.set $out (call $varint (local.get $out) (i64.trunc_f64_s
      (f64.sub (local.get $first) (f64.load offset=16 (i32.const $STATE))))))))
  (local.get $out))

;; Writes the run of the integers [at, end) in the cheapest mode; gives where its codes end. At STATE: mode, k, k of the gaps, and the smallest number.
(func $run (param $at i32) (param $end i32) (param $out i32) (result i32)
  (local $i i32) (local $n i32) (local $v f64) (local $d f64) (local $before f64) (local $step f64) (local $steady i32)
  (local $min f64) (local $total f64) (local $travelled f64) (local $changes i32) (local $falls i32) (local $code i64)
  (local $mode i32) (local $plan i32) (local $pairs i32) (local $gapSum f64) (local $stepSum f64) (local $gaps i32) (local $steps i32)
  (local $zeros i64) (local $over f64)
  (local.set $before (f64.load (local.get $at)))
  (local.set $min (local.get $before))
  (local.set $total (local.get $before))
  (local.set $steady (i32.const 1))
  (local.set $i (i32.add (local.get $at) (i32.const 8)))
  (if (i32.lt_u (local.get $i) (local.get $end)) (then
    (local.set $step (f64.sub (f64.load (local.get $i)) (local.get $before)))
    (loop $next
      (local.set $v (f64.load (local.get $i)))
      (local.set $d (f64.sub (local.get $v) (local.get $before)))
      (local.set $before (local.get $v))
      (f64.store offset=$CODES (local.get $n) (local.get $d))
      (local.set $n (i32.add (local.get $n) (i32.const 8)))
      (local.set $total (f64.add (local.get $total) (local.get $v)))
      (local.set $steady (i32.and (local.get $steady) (f64.eq (local.get $d) (local.get $step))))
      (local.set $changes (i32.add (local.get $changes) (f64.ne (local.get $d) (f64.const 0))))
      (if (f64.lt (local.get $d) (f64.const 0)) (then
        (local.set $falls (i32.add (local.get $falls) (i32.const 1)))
        (if (f64.lt (local.get $v) (local.get $min)) (then (local.set $min (local.get $v))))))
      (local.set $travelled (f64.add (local.get $travelled) (f64.abs (local.get $d))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $end))))))
  (if (local.get $steady) (then
    (i32.store (i32.const $STATE) (i32.const $STEADY))
    (i32.store offset=4 (i32.const $STATE) (i32.const 0))
    (return (local.get $out))))

  ;; Steps, as integers, in CODES.
  (local.set $i (i32.const 0))
  (if (local.get $falls) (then
    (loop $next
      (local.set $code (i64.trunc_f64_s (f64.load offset=$CODES (local.get $i))))
      (i64.store offset=$CODES (local.get $i) (i64.xor (i64.shl (local.get $code) (i64.const 1)) (i64.shr_s (local.get $code) (i64.const 63))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n)))))
  (else
    (loop $next
      (i64.store offset=$CODES (local.get $i) (i64.trunc_f64_s (f64.load offset=$CODES (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))))
  (local.set $mode (select (i32.const $ZIGZAG) (i32.const $RISING) (local.get $falls)))
  (local.set $plan (call $bestK (i32.const $CODES) (i32.shr_u (local.get $n) (i32.const 3)) (i32.const 8)
    (select (f64.sub (f64.add (local.get $travelled) (local.get $travelled)) (f64.convert_i32_u (local.get $falls))) (local.get $travelled) (local.get $falls))))

  ;; The steps that are not zero, in PAIRS: the zeros before each, and it less 1; then the zeros before the end.
  (if (i32.le_u (i32.mul (local.get $changes) (i32.const $SPARSE_SHARE)) (i32.shr_u (local.get $n) (i32.const 3))) (then
    (local.set $i (i32.const 0))
    (loop $next
      (local.set $code (i64.load offset=$CODES (local.get $i)))
      (if (i64.eqz (local.get $code)) (then (local.set $zeros (i64.add (local.get $zeros) (i64.const 1))))
      (else
        (i64.store offset=$PAIRS (local.get $pairs) (local.get $zeros))
        (i64.store offset=${PAIRS_AT + 8} (local.get $pairs) (i64.sub (local.get $code) (i64.const 1)))
        (local.set $gapSum (f64.add (local.get $gapSum) (f64.convert_i64_s (local.get $zeros))))
        (local.set $stepSum (f64.add (local.get $stepSum) (f64.convert_i64_s (i64.sub (local.get $code) (i64.const 1)))))
        (local.set $zeros (i64.const 0))
        (local.set $pairs (i32.add (local.get $pairs) (i32.const 16)))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (i64.store offset=$PAIRS (local.get $pairs) (local.get $zeros))
    (local.set $gapSum (f64.add (local.get $gapSum) (f64.convert_i64_s (local.get $zeros))))
    (local.set $changes (i32.shr_u (local.get $pairs) (i32.const 4)))
    (local.set $gaps (call $bestK (i32.const $PAIRS) (i32.add (local.get $changes) (i32.const 1)) (i32.const 16) (local.get $gapSum)))
    (if (local.get $changes) (then
      (local.set $steps (call $bestK (i32.const ${PAIRS_AT + 8}) (local.get $changes) (i32.const 16) (local.get $stepSum)))))
    (if (i32.lt_u
        (i32.add (i32.add (i32.shr_u (local.get $gaps) (i32.const 6)) (i32.shr_u (local.get $steps) (i32.const 6))) (i32.const 8))
        (i32.shr_u (local.get $plan) (i32.const 6))) (then
      (local.set $mode (i32.add (local.get $mode) (i32.const ${RUN.sparseRising - RUN.rising})))
      (local.set $plan (i32.or
        (i32.shl (i32.add (i32.add (i32.shr_u (local.get $gaps) (i32.const 6)) (i32.shr_u (local.get $steps) (i32.const 6))) (i32.const 8)) (i32.const 6))
        (i32.and (local.get $steps) (i32.const 63))))))))

  ;; Codes that are twice as large on the whole cost a bit more each: not worth measuring, as with any counter.
  (if (local.get $falls) (then
    (if (f64.le
        (f64.sub (local.get $total) (f64.mul (f64.convert_i32_u (i32.shr_u (i32.sub (local.get $end) (local.get $at)) (i32.const 3))) (local.get $min)))
        (f64.mul (f64.const 4) (local.get $travelled))) (then
      (local.set $i (i32.const 0))
      (local.set $stepSum (f64.const 0))
      (loop $next
        (local.set $over (f64.sub (f64.load (i32.add (local.get $at) (local.get $i))) (local.get $min)))
        (local.set $stepSum (f64.add (local.get $stepSum) (local.get $over)))
        (i64.store offset=$OVER (local.get $i) (i64.trunc_f64_s (local.get $over)))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br_if $next (i32.le_u (local.get $i) (local.get $n))))
      (local.set $steps (call $bestK (i32.const $OVER) (i32.shr_u (local.get $i) (i32.const 3)) (i32.const 8) (local.get $stepSum)))
      (if (i32.lt_u (i32.shr_u (local.get $steps) (i32.const 6)) (i32.shr_u (local.get $plan) (i32.const 6))) (then
        (local.set $mode (i32.const $DIRECT))
        (local.set $plan (local.get $steps))))))))

  (local.set $plan (i32.and (local.get $plan) (i32.const 63)))
  (local.set $gaps (i32.and (local.get $gaps) (i32.const 63)))
  (i32.store (i32.const $STATE) (local.get $mode))
  (i32.store offset=4 (i32.const $STATE) (local.get $plan))
  (i32.store offset=8 (i32.const $STATE) (local.get $gaps))
  (f64.store offset=16 (i32.const $STATE) (local.get $min))
  (if (i32.ge_u (local.get $mode) (i32.const $SPARSE_RISING)) (then
    (return (call $encode (i32.const $PAIRS) (i32.add (i32.shl (local.get $changes) (i32.const 1)) (i32.const 1)) (local.get $gaps) (local.get $plan) (local.get $out)))))
  (local.set $n (i32.shr_u (local.get $n) (i32.const 3)))
  (if (i32.eq (local.get $mode) (i32.const $DIRECT)) (then
    (return (call $encode (i32.const $OVER) (i32.add (local.get $n) (i32.const 1)) (local.get $plan) (local.get $plan) (local.get $out)))))
  (call $encode (i32.const $CODES) (local.get $n) (local.get $plan) (local.get $plan) (local.get $out)))
`;

const ULPS = `
;; Where the float stands among all floats, from its bits.
(func $ordered (param $bits i64) (result i64)
  (i64.xor (local.get $bits) (i64.or (i64.shr_s (local.get $bits) (i64.const 63)) (i64.const $MINUS_ZERO))))

;; As $strides, of floats by their steps in units of the last place.
(func $ulps (param $at i32) (param $strides i32) (param $summaries i32) (param $out i32) (result i32)
  (local $s i32) (local $from i32) (local $to i32) (local $payload i32) (local $payloadEnd i32)
  (local.set $payload (i32.const $PAYLOAD))
  (local.set $from (local.get $at))
  (loop $stride
    (local.set $to (i32.add (local.get $at) (i32.shl (i32.load offset=$ENDS (i32.shl (local.get $s) (i32.const 2))) (i32.const 3))))
    (if (i32.ne (local.get $from) (local.get $to)) (then
      (local.set $payloadEnd (call $ulpRun (local.get $from) (local.get $to) (local.get $payload)))
      (local.set $out (call $varint (local.get $out) (i64.extend_i32_u (i32.load (i32.const $STATE)))))
      (i32.store8 (local.get $out) (i32.load offset=4 (i32.const $STATE)))
      (local.set $out (call $varint (i32.add (local.get $out) (i32.const 1))
        (i64.extend_i32_u (i32.sub (local.get $payloadEnd) (local.get $payload)))))
      (local.set $payload (local.get $payloadEnd))
      (i64.store (local.get $out) (i64.load (local.get $from)))
      (i64.store offset=8 (local.get $out) (i64.load (i32.sub (local.get $to) (i32.const 8))))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (if (local.get $summaries) (then (local.set $out (call $summary (local.get $out) (local.get $from) (local.get $to)))))))
    (local.set $from (local.get $to))
    (local.set $s (i32.add (local.get $s) (i32.const 1)))
    (br_if $stride (i32.lt_u (local.get $s) (local.get $strides))))
  (call $append (local.get $out) (local.get $payload)))

;; Writes the steps of [at, end); gives where their codes end. At STATE: k and flags as they are written, and the shift.
(func $ulpRun (param $at i32) (param $end i32) (param $out i32) (result i32)
  (local $n i32) (local $i i32) (local $before i64) (local $v i64) (local $falls i32) (local $all i64) (local $zeros i32) (local $total f64)
  (local $shift i64) (local $changes i32) (local $mean f64) (local $middle i32) (local $k i32) (local $last i32) (local $best i32) (local $size i32)
  (local $least i32) (local $q i64) (local $pending i64) (local $used i32) (local $bits i32)
  (local.set $before (call $ordered (i64.load (local.get $at))))
  (local.set $at (i32.add (local.get $at) (i32.const 8)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $v (call $ordered (i64.load (local.get $at))))
      (local.set $falls (i32.or (local.get $falls) (i64.lt_u (local.get $v) (local.get $before))))
      (i64.store offset=$CODES (local.get $n) (i64.sub (local.get $v) (local.get $before)))
      (local.set $before (local.get $v))
      (local.set $n (i32.add (local.get $n) (i32.const 8)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $next)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
      (local.set $v (i64.load offset=$CODES (local.get $i)))
      (if (local.get $falls) (then
        (local.set $v (i64.xor (i64.shl (local.get $v) (i64.const 1)) (i64.shr_s (local.get $v) (i64.const 63))))
        (i64.store offset=$CODES (local.get $i) (local.get $v))))
      (local.set $all (i64.or (local.get $all) (local.get $v)))
      (local.set $zeros (i32.add (local.get $zeros) (i64.eqz (local.get $v))))
      (local.set $total (f64.add (local.get $total) (f64.convert_i64_u (local.get $v))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br $next)))
  (if (i64.ne (local.get $all) (i64.const 0)) (then (local.set $shift (i64.ctz (local.get $all)))))
  (local.set $changes (i32.sub (i32.shr_u (local.get $n) (i32.const 3)) (local.get $zeros)))
  (if (local.get $changes) (then
    (local.set $mean (f64.mul (f64.div (local.get $total) (f64.convert_i32_u (local.get $changes)))
      ;; 2^-shift
      (f64.reinterpret_i64 (i64.shl (i64.sub (i64.const 1023) (local.get $shift)) (i64.const 52)))))))
  (local.set $middle (i32.sub (i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64
    (f64.add (f64.mul (local.get $mean) (f64.const 0.69)) (f64.const 1))) (i64.const 52))) (i32.const 1023)))
  (if (i32.gt_s (local.get $middle) (i32.const ${ULP_K_MAX - 1})) (then (local.set $middle (i32.const ${ULP_K_MAX - 1}))))
  (local.set $k (i32.sub (local.get $middle) (i32.ne (local.get $middle) (i32.const 0))))
  (local.set $last (i32.add (local.get $middle) (i32.const 1)))
  (local.set $least (i32.const 2147483647))
  (loop $try
    (local.set $size (i32.const 0))
    (local.set $i (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $v (i64.shr_u (i64.load offset=$CODES (local.get $i)) (local.get $shift)))
        (if (i64.ne (local.get $v) (i64.const 0)) (then
          (local.set $q (i64.shr_u (local.get $v) (i64.extend_i32_u (local.get $k))))
          (local.set $size (i32.add (local.get $size) (select
            (i32.add (i32.wrap_i64 (local.get $q)) (i32.add (local.get $k) (i32.const 1)))
            (i32.const ${RICE_QUOTIENT_MAX + 64})
            (i64.lt_u (local.get $q) (i64.const $QUOTIENT_MAX)))))))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br $next)))
    (if (i32.lt_u (local.get $size) (local.get $least)) (then
      (local.set $least (local.get $size))
      (local.set $best (local.get $k))))
    (local.set $k (i32.add (local.get $k) (i32.const 1)))
    (br_if $try (i32.le_u (local.get $k) (local.get $last))))

  ;; A bit for each step, against a whole code for each that is zero.
  (local.set $zeros (i32.gt_u (i32.mul (local.get $zeros) (i32.add (local.get $best) (i32.const 1))) (i32.shr_u (local.get $n) (i32.const 3))))
  (i32.store (i32.const $STATE) (i32.or (i32.shl (local.get $best) (i32.const 2)) (i32.or (i32.shl (local.get $falls) (i32.const 1)) (local.get $zeros))))
  (i32.store offset=4 (i32.const $STATE) (i32.wrap_i64 (local.get $shift)))
  (local.set $i (i32.const 0))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
      (local.set $v (i64.load offset=$CODES (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (local.set $bits (i32.const 0))
      (block $written
        (if (local.get $zeros) (then
          (local.set $pending (i64.or (local.get $pending) (i64.shl (i64.extend_i32_u (i64.ne (local.get $v) (i64.const 0))) (i64.extend_i32_u (local.get $used)))))
          (local.set $used (i32.add (local.get $used) (i32.const 1)))
          (br_if $written (i64.eqz (local.get $v)))))
        (local.set $v (i64.shr_u (local.get $v) (local.get $shift)))
        (local.set $q (i64.shr_u (local.get $v) (i64.extend_i32_u (local.get $best))))
        (if (i64.lt_u (local.get $q) (i64.const $QUOTIENT_MAX)) (then
          (local.set $pending (i64.or (local.get $pending) (i64.shl
            (i64.sub (i64.shl (i64.const 1) (local.get $q)) (i64.const 1)) (i64.extend_i32_u (local.get $used)))))
          (local.set $used (i32.add (local.get $used) (i32.add (i32.wrap_i64 (local.get $q)) (i32.const 1))))
          (local.set $v (i64.and (local.get $v) (i64.sub (i64.shl (i64.const 1) (i64.extend_i32_u (local.get $best))) (i64.const 1))))
          (local.set $bits (local.get $best)))
        (else
          (local.set $pending (i64.or (local.get $pending) (i64.shl (i64.const ${2 ** RICE_QUOTIENT_MAX - 1}) (i64.extend_i32_u (local.get $used)))))
          (local.set $used (i32.add (local.get $used) (i32.const $QUOTIENT_MAX)))
          (local.set $bits (i32.const 64)))))
      (i64.store (local.get $out) (local.get $pending))
      (local.set $out (i32.add (local.get $out) (i32.shr_u (local.get $used) (i32.const 3))))
      (local.set $pending (i64.shr_u (local.get $pending) (i64.extend_i32_u (i32.and (local.get $used) (i32.const 56)))))
      (local.set $used (i32.and (local.get $used) (i32.const 7)))
      ;; Up to 64 bits, half of them at a time.
      (if (i32.gt_u (local.get $bits) (i32.const 32)) (then
        (local.set $pending (i64.or (local.get $pending)
          (i64.shl (i64.and (local.get $v) (i64.const 4294967295)) (i64.extend_i32_u (local.get $used)))))
        (i64.store (local.get $out) (local.get $pending))
        (local.set $pending (i64.shr_u (local.get $pending) (i64.const 32)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (local.set $v (i64.shr_u (local.get $v) (i64.const 32)))
        (local.set $bits (i32.sub (local.get $bits) (i32.const 32)))))
      (if (local.get $bits) (then
        (local.set $pending (i64.or (local.get $pending) (i64.shl (local.get $v) (i64.extend_i32_u (local.get $used)))))
        (local.set $used (i32.add (local.get $used) (local.get $bits)))
        (i64.store (local.get $out) (local.get $pending))
        (local.set $out (i32.add (local.get $out) (i32.shr_u (local.get $used) (i32.const 3))))
        (local.set $pending (i64.shr_u (local.get $pending) (i64.extend_i32_u (i32.and (local.get $used) (i32.const 56)))))
        (local.set $used (i32.and (local.get $used) (i32.const 7)))))
      (br $next)))
  (i64.store (local.get $out) (local.get $pending))
  (i32.add (local.get $out) (i32.ne (local.get $used) (i32.const 0))))
`;

export const PACK_COLUMNS = `
(const $STATE ${STATE_AT})
(const $POWERS ${POWERS_AT})
(const $ENDS ${ENDS_AT})
(const $EXCEPTIONS ${EXCEPTIONS_AT})
(const $SCRATCH ${SCRATCH_AT})
(const $QUOTIENTS ${QUOTIENTS_AT})
(const $CODES ${CODES_AT})
(const $PAIRS ${PAIRS_AT})
(const $OVER ${OVER_AT})
(const $PAYLOAD ${PAYLOAD_AT})
(const $MINUS_ZERO -9223372036854775808)
(const $INTEGER_MAX ${INTEGER_MAX})
(const $EXPONENT_MAX ${DECIMAL_EXPONENT_MAX})
(const $EXCEPTION_SHARE ${EXCEPTION_SHARE})
(const $QUOTIENT_MAX ${RICE_QUOTIENT_MAX})
(const $PLAIN_BITS ${RICE_PLAIN_BITS})
(const $ESCAPED ${RICE_QUOTIENT_MAX + RICE_PLAIN_BITS - 1})   ;; less k, of a quotient that is too large
(const $STEADY ${RUN.steady})
(const $RISING ${RUN.rising})
(const $ZIGZAG ${RUN.zigzag})
(const $DIRECT ${RUN.direct})
(const $SPARSE_RISING ${RUN.sparseRising})
(const $SPARSE_SHARE ${SPARSE_SHARE})
(const $HAS_RESETS ${HAS_RESETS})
(const $RESETS_KNOWN ${RESETS_KNOWN})
(const $HAS_VALUES ${HAS_VALUES})
(const $FALLS_SHARE ${FALLS_SHARE})
(memory $memory ${PAGES})
${NUMBERS}${LOOKING}${DECIMALS}${SUMMARY}${RICE}${STRIDES}${ULPS}`;

/**
 * Samples of a row as JSON, `[1767225600.5,"0.25"],…`, in WebAssembly. Numbers are the shortest decimals that stand for them, and of these the nearest, found as in
 * R. Giulietti, "The Schubfach way to render doubles" (2020): names of variables are those of the paper. They are laid out as `formatValue` does.
 */
import { byte, get, increase } from '../../wasm/text.ts';

/** Samples that are written at once. */
export const SAMPLES_MAX = 1024;
/** Samples whose times are held as text: those of any range query, and a multiple of those written at once. */
export const OPENED_MAX = 11 * SAMPLES_MAX;
/** Of a number: 17 digits, sign, point, and an exponent or 21 places. */
const NUMBER_BYTES_MAX = 32;
/** Comma, bracket, a time of 20 digits with sign and point, comma, quote. */
const OPENING_BYTES_MAX = 32;
const CLOSING_BYTES = 2;
/** The kernel reads and writes this far beyond a region's end. */
const PADDING = 64;

/** Exponents of the powers of ten that are needed. */
export const POWER_MIN = -292;
export const POWER_MAX = 324;

const STATE_AT = 0;
/** Powers of ten, 128 bits each, the high half first. */
export const POWERS_AT = 64;
/** Two digits for each number below 100. */
export const PAIRS_AT = POWERS_AT + 16 * (POWER_MAX - POWER_MIN + 1);
/** 1, 10, 100, … as integers of 64 bits. */
export const TENS_AT = PAIRS_AT + 256;
export const TENS = 19;
/** What the host fills in. */
export const TIMES_AT = TENS_AT + 8 * TENS;
export const VALUES_AT = TIMES_AT + 8 * OPENED_MAX;
export const BITS_AT = VALUES_AT + 8 * SAMPLES_MAX;
/** What stands before the value of each sample, and where that begins; with the end of the last one. */
const FROM_AT = BITS_AT + SAMPLES_MAX / 8;
const OPENINGS_AT = FROM_AT + 4 * (OPENED_MAX + 2);
export const OUT_AT = OPENINGS_AT + OPENING_BYTES_MAX * OPENED_MAX + PADDING;
const END = OUT_AT + (OPENING_BYTES_MAX + NUMBER_BYTES_MAX + CLOSING_BYTES) * SAMPLES_MAX + PADDING;
const PAGE_SIZE = 65_536;

/** Of up to eight characters, the first one lowest. */
const text = (characters: string) => `(i64.const ${Buffer.from(characters.padEnd(8, '\0')).readBigInt64LE()})`;
/** Whether the bit of the sample at place 'i' is set. */
const IS_SET = `(i32.and (i32.const 1) (i32.shr_u
          (i32.load8_u offset=${BITS_AT} (i32.shr_u ${get('i')} (i32.const 3)))
          (i32.and ${get('i')} (i32.const 7))))`;

/** The upper half of the product. */
const HIGH = `
(func $high (param $a i64) (param $b i64) (result i64)
  (local $a0 i64) (local $b0 i64) (local $a1 i64) (local $b1 i64) (local $middle i64)
  (local.set $a0 (i64.and (local.get $a) (i64.const 0xffffffff)))
  (local.set $b0 (i64.and (local.get $b) (i64.const 0xffffffff)))
  (local.set $a1 (i64.shr_u (local.get $a) (i64.const 32)))
  (local.set $b1 (i64.shr_u (local.get $b) (i64.const 32)))
  (local.set $middle (i64.add (i64.mul (local.get $a1) (local.get $b0))
    (i64.shr_u (i64.mul (local.get $a0) (local.get $b0)) (i64.const 32))))
  (i64.add (i64.add (i64.mul (local.get $a1) (local.get $b1)) (i64.shr_u (local.get $middle) (i64.const 32)))
    (i64.shr_u (i64.add (i64.mul (local.get $a0) (local.get $b1)) (i64.and (local.get $middle) (i64.const 0xffffffff)))
      (i64.const 32))))
`;

/** A number of 192 bits without its lower 128, of which the last bit tells whether anything but 0 and 1 was among their upper half. */
const toOdd = (top: string, middle: string) => `(i64.or ${top} (i64.extend_i32_u (i64.gt_u ${middle} (i64.const 1))))`;

/** Digits of the shortest decimal as an integer; its power of ten at STATE. Of a finite number's fraction and exponent bits; not of 0. */
const SHORTEST = `
(func $shortest (param $fraction i64) (param $exponent i32) (result i64)
  (local $c i64) (local $q i32) (local $k i32) (local $h i64) (local $g i32) (local $isCloser i32)
  (local $odd i64) (local $vb i64) (local $lower i64) (local $upper i64) (local $s i64) (local $t i64)
  (local $g1 i64) (local $g0 i64) (local $cp i64) (local $top i64) (local $middle i64) (local $low i64)
  (local $d2 i64) (local $d1 i64) (local $d0 i64) (local $carry i64)
  (local $isBelow i32) (local $isAbove i32)
  (local.set $c (local.get $fraction))
  (local.set $q (i32.const -1074))
  (if (local.get $exponent) (then
    (local.set $c (i64.or (local.get $c) (i64.const 0x10000000000000)))
    (local.set $q (i32.sub (local.get $exponent) (i32.const 1075)))))
  (local.set $isCloser
    (i32.and (i64.eqz (local.get $fraction)) (i32.gt_u (local.get $exponent) (i32.const 1))))
  (local.set $odd (i64.and (local.get $c) (i64.const 1)))
  (local.set $k (i32.shr_s
    (i32.sub (i32.mul (local.get $q) (i32.const 1262611)) (i32.mul (local.get $isCloser) (i32.const 524031)))
    (i32.const 22)))
  (local.set $h (i64.extend_i32_u (i32.add (i32.add (local.get $q) (i32.const 1))
    (i32.shr_s (i32.mul (i32.sub (i32.const 0) (local.get $k)) (i32.const 1741647)) (i32.const 19)))))
  (local.set $g (i32.add (i32.const ${POWERS_AT})
    (i32.mul (i32.sub (i32.const ${-POWER_MIN}) (local.get $k)) (i32.const 16))))
  (local.set $g1 (i64.load (local.get $g)))
  (local.set $g0 (i64.load offset=8 (local.get $g)))
  (local.set $cp (i64.shl (local.get $c) (i64.add (local.get $h) (i64.const 2))))
  (local.set $low (i64.mul (local.get $g0) (local.get $cp)))
  (local.set $t (i64.mul (local.get $g1) (local.get $cp)))
  (local.set $middle (i64.add (local.get $t) (call $high (local.get $g0) (local.get $cp))))
  (local.set $top (i64.add (call $high (local.get $g1) (local.get $cp))
    (i64.extend_i32_u (i64.lt_u (local.get $middle) (local.get $t)))))
  (local.set $vb ${toOdd(get('top'), get('middle'))})
  ;; Half way to the next double: twice the power, shifted as c is.
  (local.set $h (i64.add (local.get $h) (i64.const 1)))
  (local.set $d2 (i64.shr_u (local.get $g1) (i64.sub (i64.const 64) (local.get $h))))
  (local.set $d1 (i64.or (i64.shl (local.get $g1) (local.get $h)) (i64.shr_u (local.get $g0) (i64.sub (i64.const 64) (local.get $h)))))
  (local.set $d0 (i64.shl (local.get $g0) (local.get $h)))
  (local.set $carry (i64.extend_i32_u (i64.gt_u (local.get $d0) (i64.xor (local.get $low) (i64.const -1)))))
  (local.set $s (i64.add (local.get $middle) (local.get $d1)))
  (local.set $t (i64.add (local.get $s) (local.get $carry)))
  (local.set $upper (i64.sub ${toOdd(
    `(i64.add (i64.add (local.get $top) (local.get $d2)) (i64.extend_i32_u
      (i32.or (i64.lt_u (local.get $s) (local.get $d1)) (i64.lt_u (local.get $t) (local.get $s)))))`,
    get('t'),
  )} (local.get $odd)))
  (if (local.get $isCloser) (then
    (local.set $d0 (i64.or (i64.shr_u (local.get $d0) (i64.const 1)) (i64.shl (local.get $d1) (i64.const 63))))
    (local.set $d1 (i64.or (i64.shr_u (local.get $d1) (i64.const 1)) (i64.shl (local.get $d2) (i64.const 63))))
    (local.set $d2 (i64.shr_u (local.get $d2) (i64.const 1)))))
  (local.set $carry (i64.extend_i32_u (i64.lt_u (local.get $low) (local.get $d0))))
  (local.set $s (i64.sub (local.get $middle) (local.get $d1)))
  (local.set $t (i64.sub (local.get $s) (local.get $carry)))
  (local.set $lower (i64.add ${toOdd(
    `(i64.sub (i64.sub (local.get $top) (local.get $d2)) (i64.extend_i32_u
      (i32.or (i64.lt_u (local.get $middle) (local.get $d1)) (i64.lt_u (local.get $s) (local.get $carry)))))`,
    get('t'),
  )} (local.get $odd)))
  (i32.store (i32.const ${STATE_AT}) (local.get $k))
  (local.set $s (i64.shr_u (local.get $vb) (i64.const 2)))
  (if (i64.gt_u (local.get $s) (i64.const 9)) (then
    (local.set $t (i64.div_u (local.get $s) (i64.const 10)))
    (local.set $isBelow (i64.le_u (local.get $lower) (i64.mul (local.get $t) (i64.const 40))))
    (local.set $isAbove
      (i64.le_u (i64.add (i64.mul (local.get $t) (i64.const 40)) (i64.const 40)) (local.get $upper)))
    (if (i32.ne (local.get $isBelow) (local.get $isAbove)) (then
      (i32.store (i32.const ${STATE_AT}) (i32.add (local.get $k) (i32.const 1)))
      (return (i64.add (local.get $t) (i64.extend_i32_u (local.get $isAbove))))))))
  (local.set $t (i64.shl (local.get $s) (i64.const 2)))
  (local.set $isBelow (i64.le_u (local.get $lower) (local.get $t)))
  (local.set $isAbove (i64.le_u (i64.add (local.get $t) (i64.const 4)) (local.get $upper)))
  (if (i32.eq (local.get $isBelow) (local.get $isAbove)) (then
    (local.set $t (i64.add (local.get $t) (i64.const 2)))
    (local.set $isAbove (i32.or (i64.gt_u (local.get $vb) (local.get $t))
      (i32.and (i64.eq (local.get $vb) (local.get $t)) (i32.wrap_i64 (i64.and (local.get $s) (i64.const 1))))))))
  (i64.add (local.get $s) (i64.extend_i32_u (local.get $isAbove))))
`;

/** How many digits an integer below 10^18 has; 1 for 0. */
const COUNT = `
(func $count (param $s i64) (result i32)
  (local $n i32)
  (local.set $n (i32.shr_u (i32.mul
    (i32.sub (i32.const 64) (i32.wrap_i64 (i64.clz (i64.or (local.get $s) (i64.const 1))))) (i32.const 1233))
    (i32.const 12)))
  (i32.add (local.get $n) (i64.ge_u (i64.or (local.get $s) (i64.const 1))
    (i64.load offset=${TENS_AT} (i32.shl (local.get $n) (i32.const 3))))))
`;

const pairOf = (v: string) => `(i32.load16_u offset=${PAIRS_AT} (i32.shl ${v} (i32.const 1)))`;
const rest = (of: string, quotient: string, by: number) =>
  `(i32.sub ${get(of)} (i32.mul ${get(quotient)} (i32.const ${by})))`;

/** Writes an integer's digits so that they end before 'end'. */
const DIGITS = `
(func $digits (param $s i64) (param $end i32)
  (local $t i64) (local $r i32) (local $q i32) (local $low i32)
  (block $short
    (loop $eight
      (br_if $short (i64.lt_u (local.get $s) (i64.const 100000000)))
      (local.set $t (i64.div_u (local.get $s) (i64.const 100000000)))
      (local.set $r (i32.wrap_i64 (i64.sub (local.get $s) (i64.mul (local.get $t) (i64.const 100000000)))))
      (local.set $s (local.get $t))
      (local.set $q (i32.div_u (local.get $r) (i32.const 10000)))
      (local.set $low ${rest('r', 'q', 10_000)})
      (local.set $r (i32.div_u (local.get $low) (i32.const 100)))
      (i32.store16 (i32.sub (local.get $end) (i32.const 2)) ${pairOf(rest('low', 'r', 100))})
      (i32.store16 (i32.sub (local.get $end) (i32.const 4)) ${pairOf(get('r'))})
      (local.set $r (i32.div_u (local.get $q) (i32.const 100)))
      (i32.store16 (i32.sub (local.get $end) (i32.const 6)) ${pairOf(rest('q', 'r', 100))})
      (i32.store16 (i32.sub (local.get $end) (i32.const 8)) ${pairOf(get('r'))})
      (local.set $end (i32.sub (local.get $end) (i32.const 8)))
      (br $eight)))
  (local.set $r (i32.wrap_i64 (local.get $s)))
  (block $last
    (loop $two
      (br_if $last (i32.lt_u (local.get $r) (i32.const 100)))
      (local.set $q (i32.div_u (local.get $r) (i32.const 100)))
      (local.set $end (i32.sub (local.get $end) (i32.const 2)))
      (i32.store16 (local.get $end) ${pairOf(rest('r', 'q', 100))})
      (local.set $r (local.get $q))
      (br $two)))
  (if (i32.gt_u (local.get $r) (i32.const 9))
    (then (i32.store16 (i32.sub (local.get $end) (i32.const 2)) ${pairOf(get('r'))}))
    (else (i32.store8 (i32.sub (local.get $end) (i32.const 1)) (i32.add (local.get $r) ${byte('0')})))))
`;

/** Writes an integer. Gives where it ends, as all that follow. */
const INTEGER = `
(func $integer (param $s i64) (param $at i32) (result i32)
  ${increase('at', `(call $count ${get('s')})`)}
  (call $digits (local.get $s) (local.get $at))
  (local.get $at))
`;

/** Writes the 'n' digits of 's' times the power of ten 'point' - 'n'. */
const DECIMAL = `
(func $decimal (param $s i64) (param $n i32) (param $point i32) (param $at i32) (result i32)
  (local $i i32)
  (if (i32.gt_s (local.get $point) (i32.const 21)) (then
    (return (call $scientific (local.get $s) (local.get $n) (local.get $point) (local.get $at)))))
  (if (i32.ge_s (local.get $point) (local.get $n)) (then
    (call $digits (local.get $s) (i32.add (local.get $at) (local.get $n)))
    (local.set $n (i32.add (local.get $at) (local.get $n)))
    (i64.store (local.get $n) ${text('00000000')})
    (i64.store offset=8 (local.get $n) ${text('00000000')})
    (i64.store offset=16 (local.get $n) ${text('00000000')})
    (return (i32.add (local.get $at) (local.get $point)))))
  (if (i32.gt_s (local.get $point) (i32.const 0)) (then
    (local.set $n (i32.add (i32.add (local.get $at) (local.get $n)) (i32.const 1)))
    (call $digits (local.get $s) (local.get $n))
    (local.set $i (i32.add (local.get $at) (local.get $point)))
    (loop $before
      (i32.store8 (local.get $at) (i32.load8_u offset=1 (local.get $at)))
      ${increase('at', '(i32.const 1)')}
      (br_if $before (i32.lt_u (local.get $at) (local.get $i))))
    (i32.store8 (local.get $at) ${byte('.')})
    (return (local.get $n))))
  (if (i32.gt_s (local.get $point) (i32.const -6)) (then
    (i64.store (local.get $at) ${text('0.000000')})
    (local.set $n (i32.add (i32.add (local.get $at) (i32.const 2)) (i32.sub (local.get $n) (local.get $point))))
    (call $digits (local.get $s) (local.get $n))
    (return (local.get $n))))
  (call $scientific (local.get $s) (local.get $n) (local.get $point) (local.get $at)))
`;

const SCIENTIFIC = `
(func $scientific (param $s i64) (param $n i32) (param $point i32) (param $at i32) (result i32)
  (local.set $n (i32.add (i32.add (local.get $at) (local.get $n)) (i32.const 1)))
  (call $digits (local.get $s) (local.get $n))
  (i32.store8 (local.get $at) (i32.load8_u offset=1 (local.get $at)))
  (i32.store8 offset=1 (local.get $at) ${byte('.')})
  (if (i32.eq (i32.sub (local.get $n) (local.get $at)) (i32.const 2))
    (then (local.set $n (i32.sub (local.get $n) (i32.const 1)))))
  (local.set $point (i32.sub (local.get $point) (i32.const 1)))
  (i32.store8 (local.get $n) ${byte('e')})
  (i32.store8 offset=1 (local.get $n) ${byte('+')})
  (if (i32.lt_s (local.get $point) (i32.const 0)) (then
    (i32.store8 offset=1 (local.get $n) ${byte('-')})
    (local.set $point (i32.sub (i32.const 0) (local.get $point)))))
  ${increase('n', '(i32.const 2)')}
  (if (i32.gt_u (local.get $point) (i32.const 99)) (then
    (return (call $integer (i64.extend_i32_u (local.get $point)) (local.get $n)))))
  (i32.store16 (local.get $n) ${pairOf(get('point'))})
  (i32.add (local.get $n) (i32.const 2)))
`;

const NUMBER = `
(func $number (param $v f64) (param $at i32) (result i32)
  (local $bits i64) (local $exponent i32) (local $fraction i64) (local $s i64) (local $t i64) (local $n i32)
  (local.set $bits (i64.reinterpret_f64 (local.get $v)))
  (local.set $exponent (i32.and (i32.wrap_i64 (i64.shr_u (local.get $bits) (i64.const 52))) (i32.const 2047)))
  (local.set $fraction (i64.and (local.get $bits) (i64.const 0xfffffffffffff)))
  (if (i32.eq (local.get $exponent) (i32.const 2047)) (then
    (if (i64.eqz (local.get $fraction))
      (then
        (i64.store (local.get $at) ${text('+Inf')})
        (if (f64.lt (local.get $v) (f64.const 0)) (then (i32.store8 (local.get $at) ${byte('-')})))
        (return (i32.add (local.get $at) (i32.const 4))))
      (else
        (i64.store (local.get $at) ${text('NaN')})
        (return (i32.add (local.get $at) (i32.const 3)))))))
  (i32.store8 (local.get $at) ${byte('-')})
  ${increase('at', `(i32.wrap_i64 (i64.shr_u ${get('bits')} (i64.const 63)))`)}
  (local.set $v (f64.abs (local.get $v)))
  (if (f64.lt (local.get $v) (f64.const 9007199254740992)) (then
    (local.set $s (i64.trunc_f64_s (local.get $v)))
    (if (f64.eq (f64.convert_i64_s (local.get $s)) (local.get $v)) (then
      (return (call $integer (local.get $s) (local.get $at)))))))
  (local.set $s (call $shortest (local.get $fraction) (local.get $exponent)))
  (local.set $n (i32.load (i32.const ${STATE_AT})))
  (local.set $t (i64.div_u (local.get $s) (i64.const 100000000)))
  (if (i64.eq (i64.mul (local.get $t) (i64.const 100000000)) (local.get $s)) (then
    (local.set $s (local.get $t))
    ${increase('n', '(i32.const 8)')}))
  (block $trimmed
    (loop $zero
      (local.set $t (i64.div_u (local.get $s) (i64.const 10)))
      (br_if $trimmed (i32.eqz (i64.eq (i64.mul (local.get $t) (i64.const 10)) (local.get $s))))
      (local.set $s (local.get $t))
      ${increase('n', '(i32.const 1)')}
      (br $zero)))
  (local.set $exponent (call $count (local.get $s)))
  (call $decimal (local.get $s) (local.get $exponent) (i32.add (local.get $exponent) (local.get $n)) (local.get $at)))
`;

/** Makes the openings of so many samples out of their times, which are whole milliseconds: seconds, with three decimals where there are some. */
const OPENINGS = `
(func $openings (param $count i32)
  (local $i i32) (local $at i32) (local $t i64) (local $seconds i64) (local $ms i32)
  (local.set $at (i32.const ${OPENINGS_AT}))
  (block $done
    (loop $next
      (i32.store offset=${FROM_AT} (i32.shl (local.get $i) (i32.const 2)) (local.get $at))
      (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
      (i32.store (local.get $at) (i32.const ${Buffer.from(',[-\0').readInt32LE()}))
      (local.set $t (i64.trunc_f64_s (f64.load offset=${TIMES_AT} (i32.shl (local.get $i) (i32.const 3)))))
      ${increase('at', '(i32.const 2)')}
      (if (i64.gt_s (i64.const 0) (local.get $t)) (then
        (local.set $t (i64.sub (i64.const 0) (local.get $t)))
        ${increase('at', '(i32.const 1)')}))
      (local.set $seconds (i64.div_u (local.get $t) (i64.const 1000)))
      (local.set $ms (i32.wrap_i64 (i64.sub (local.get $t) (i64.mul (local.get $seconds) (i64.const 1000)))))
      (local.set $at (call $integer (local.get $seconds) (local.get $at)))
      (if (local.get $ms) (then
        ;; A digit more in front gives the zeros, and is where the point goes.
        (call $digits (i64.extend_i32_u (i32.add (local.get $ms) (i32.const 1000))) (i32.add (local.get $at) (i32.const 4)))
        (i32.store8 (local.get $at) ${byte('.')})
        ${increase('at', '(i32.const 4)')}))
      (i32.store16 (local.get $at) (i32.const ${Buffer.from(',"').readUInt16LE()}))
      ${increase('at', '(i32.const 2)')}
      ${increase('i', '(i32.const 1)')}
      (br $next))))
`;

/** Writes those of so many samples whose bits are set, with commas between them, and one before them if 'hasComma'. 'opening' is the place of the first one's. */
const SAMPLES = `
(func $samples (param $opening i32) (param $count i32) (param $hasComma i32) (result i32)
  (local $i i32) (local $at i32) (local $from i32) (local $length i32)
  (local.set $at (i32.const ${OUT_AT}))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
      (if ${IS_SET} (then
        (local.set $length (i32.shl (i32.add (local.get $opening) (local.get $i)) (i32.const 2)))
        (local.set $from (i32.load offset=${FROM_AT} (local.get $length)))
        (local.set $length (i32.sub (i32.load offset=${FROM_AT + 4} (local.get $length)) (local.get $from)))
        (if (i32.eqz (local.get $hasComma)) (then
          ${increase('from', '(i32.const 1)')}
          (local.set $length (i32.sub (local.get $length) (i32.const 1)))
          (local.set $hasComma (i32.const 1))))
        (v128.store (local.get $at) (v128.load (local.get $from)))
        (v128.store offset=16 (local.get $at) (v128.load offset=16 (local.get $from)))
        (local.set $at (call $number
          (f64.load offset=${VALUES_AT} (i32.shl (local.get $i) (i32.const 3)))
          (i32.add (local.get $at) (local.get $length))))
        (i32.store16 (local.get $at) (i32.const ${Buffer.from('"]').readUInt16LE()}))
        ${increase('at', '(i32.const 2)')}))
      ${increase('i', '(i32.const 1)')}
      (br $next)))
  (local.get $at))
`;

/** Writes so many numbers as JSON knows them: those that are not finite are null, and 0 has no sign. Before each is a comma, or where its bit is set `],[`. */
const NUMBERS = `
(func $numbers (param $count i32) (result i32)
  (local $i i32) (local $at i32) (local $v f64)
  (local.set $at (i32.const ${OUT_AT}))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
      (if ${IS_SET}
        (then
          (i32.store (local.get $at) (i32.const ${Buffer.from('],[\0').readInt32LE()}))
          ${increase('at', '(i32.const 3)')})
        (else
          (i32.store8 (local.get $at) ${byte(',')})
          ${increase('at', '(i32.const 1)')}))
      (local.set $v (f64.load offset=${VALUES_AT} (i32.shl (local.get $i) (i32.const 3))))
      (if (f64.eq (f64.sub (local.get $v) (local.get $v)) (f64.const 0))
        (then (local.set $at (call $number (f64.add (local.get $v) (f64.const 0)) (local.get $at))))
        (else
          (i32.store (local.get $at) (i32.const ${Buffer.from('null').readInt32LE()}))
          ${increase('at', '(i32.const 4)')}))
      ${increase('i', '(i32.const 1)')}
      (br $next)))
  (local.get $at))
`;

export const SAMPLE_TEXTS = [
  `(memory $memory ${Math.ceil(END / PAGE_SIZE)})`,
  HIGH,
  SHORTEST,
  COUNT,
  DIGITS,
  INTEGER,
  DECIMAL,
  SCIENTIFIC,
  NUMBER,
  OPENINGS,
  SAMPLES,
  NUMBERS,
].join('');

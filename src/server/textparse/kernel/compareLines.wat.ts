/**
 * The comparison of two pages, line by line, in WebAssembly: sixteen bytes at a time where the pages are alike, then the number.
 *
 * It does what is plain and frequent and stops before anything else: a line that differs, a time or an exemplar behind the value, a number whose
 * rounding it cannot vouch for, `+Inf`. `compareLine` in `pageReader.ts` goes on from there, and is the oracle of all of it.
 *
 * Numbers. The significant digits make an integer m below 10^18, the point and the exponent a power of ten.
 * - m at most 2^53, power at most 10^22: both are doubles, so one multiplication or division rounds correctly (Clinger, 1990).
 * - larger m without a power: the conversion rounds correctly.
 * - larger m over a power: m = hi + lo, quotient q0 = hi / d, and what is left of m, exact by Dekker's product, gives q1: q0 + q1 has some 100 good bits.
 *   Its sum is the correctly rounded quotient unless what the sum rounded off comes near half a unit in the last place; then it stops.
 */
export const COMPARE_LINES = `
(const $STARTS 0)            ;; by line of the window: where the value begins in the previous page
(const $ENDS 16384)          ;; where the line ends
(const $NEW_STARTS 32768)    ;; the same of this page
(const $NEW_ENDS 49152)
(const $VALUES 65536)
(const $POWERS 98304)        ;; 10^0 … 10^22
(memory $memory 16)

;; Reads lines [line, lines) of the window. Gives the line that it stopped before, after the lines that it wrote values, starts and ends of.
;; p, q: where the line begins in the previous page and in this one; qEnd: the end of this page's window, with no digit at it.
;; pOrigin, qOrigin: where the pages would begin in this memory.
(func $compare (param $line i32) (param $lines i32) (param $p i32) (param $q i32) (param $qEnd i32)
               (param $pOrigin i32) (param $qOrigin i32) (result i32)
  (local $left i32) (local $c i32) (local $start i32) (local $from i32) (local $digits i32) (local $scale i32)
  (local $exponent i32) (local $minus i32) (local $exponentMinus i32) (local $m i64) (local $v f64) (local $power f64)
  (local $hi f64) (local $product f64) (local $a f64) (local $b f64) (local $rest f64) (local $sum f64)
  (block $stop
    (loop $next
      (br_if $stop (i32.ge_s (local.get $line) (local.get $lines)))
      (local.set $left (i32.sub
        (i32.add (local.get $pOrigin) (i32.load offset=$STARTS (i32.shl (local.get $line) (i32.const 2))))
        (local.get $p)))
      (br_if $stop (i32.ge_u (i32.add (local.get $q) (local.get $left)) (local.get $qEnd)))

      ;; The bytes up to the value.
      (block $alike
        (loop $chunk
          (if (i32.lt_u (local.get $left) (i32.const 16)) (then
            (br_if $stop (i32.and
              (i8x16.bitmask (i8x16.ne (v128.load (local.get $p)) (v128.load (local.get $q))))
              (i32.sub (i32.shl (i32.const 1) (local.get $left)) (i32.const 1))))
            (local.set $q (i32.add (local.get $q) (local.get $left)))
            (br $alike)))
          (br_if $stop (v128.any_true (i8x16.ne (v128.load (local.get $p)) (v128.load (local.get $q)))))
          (local.set $p (i32.add (local.get $p) (i32.const 16)))
          (local.set $q (i32.add (local.get $q) (i32.const 16)))
          (local.set $left (i32.sub (local.get $left) (i32.const 16)))
          (br $chunk)))

      ;; Sign and digits.
      (local.set $start (local.get $q))
      (local.set $c (i32.load8_u (local.get $q)))
      (local.set $minus (i32.eq (local.get $c) (i32.const 45)))
      (if (i32.or (local.get $minus) (i32.eq (local.get $c) (i32.const 43))) (then
        (local.set $q (i32.add (local.get $q) (i32.const 1)))))
      (local.set $m (i64.const 0))
      (local.set $digits (i32.const 0))
      (local.set $scale (i32.const 0))
      (local.set $from (local.get $q))
      (block $integer
        (loop $digit
          (local.set $c (i32.sub (i32.load8_u (local.get $q)) (i32.const 48)))
          (br_if $integer (i32.gt_u (local.get $c) (i32.const 9)))
          (local.set $m (i64.add (i64.mul (local.get $m) (i64.const 10)) (i64.extend_i32_u (local.get $c))))
          (local.set $digits (i32.add (local.get $digits) (i32.ne (i32.or (local.get $digits) (local.get $c)) (i32.const 0))))
          (local.set $q (i32.add (local.get $q) (i32.const 1)))
          (br $digit)))
      (local.set $left (i32.sub (local.get $q) (local.get $from)))
      (if (i32.eq (local.get $c) (i32.const -2)) (then
        (local.set $q (i32.add (local.get $q) (i32.const 1)))
        (local.set $from (local.get $q))
        (block $fraction
          (loop $digit
            (local.set $c (i32.sub (i32.load8_u (local.get $q)) (i32.const 48)))
            (br_if $fraction (i32.gt_u (local.get $c) (i32.const 9)))
            (local.set $m (i64.add (i64.mul (local.get $m) (i64.const 10)) (i64.extend_i32_u (local.get $c))))
            (local.set $digits (i32.add (local.get $digits) (i32.ne (i32.or (local.get $digits) (local.get $c)) (i32.const 0))))
            (local.set $q (i32.add (local.get $q) (i32.const 1)))
            (br $digit)))
        (local.set $scale (i32.sub (local.get $from) (local.get $q)))
        (local.set $left (i32.sub (local.get $left) (local.get $scale)))))

      (block $known
        ;; No digit: NaN or nothing that is read here.
        (if (i32.eqz (local.get $left)) (then
          (br_if $stop (i32.ne (local.get $q) (local.get $start)))
          (br_if $stop (i32.ne (i32.load16_u (local.get $q)) (i32.const 24910)))
          (br_if $stop (i32.ne (i32.load8_u offset=2 (local.get $q)) (i32.const 78)))
          (br_if $stop (i32.ne (i32.load8_u offset=3 (local.get $q)) (i32.const 10)))
          (local.set $q (i32.add (local.get $q) (i32.const 3)))
          (br_if $stop (i32.ge_u (local.get $q) (local.get $qEnd)))
          (local.set $v (f64.reinterpret_i64 (i64.const 9221120237041090560)))
          (br $known)))
        (br_if $stop (i32.gt_s (local.get $digits) (i32.const 18)))

        ;; Exponent.
        (if (i32.eq (i32.or (i32.add (local.get $c) (i32.const 48)) (i32.const 32)) (i32.const 101)) (then
          (local.set $q (i32.add (local.get $q) (i32.const 1)))
          (local.set $c (i32.load8_u (local.get $q)))
          (local.set $exponentMinus (i32.eq (local.get $c) (i32.const 45)))
          (if (i32.or (local.get $exponentMinus) (i32.eq (local.get $c) (i32.const 43))) (then
            (local.set $q (i32.add (local.get $q) (i32.const 1)))))
          (local.set $exponent (i32.const 0))
          (local.set $from (local.get $q))
          (block $whole
            (loop $digit
              (local.set $c (i32.sub (i32.load8_u (local.get $q)) (i32.const 48)))
              (br_if $whole (i32.gt_u (local.get $c) (i32.const 9)))
              (local.set $exponent (i32.add (i32.mul (local.get $exponent) (i32.const 10)) (local.get $c)))
              (local.set $q (i32.add (local.get $q) (i32.const 1)))
              (br $digit)))
          (local.set $left (i32.sub (local.get $q) (local.get $from)))
          (br_if $stop (i32.eqz (local.get $left)))
          (br_if $stop (i32.gt_s (local.get $left) (i32.const 4)))
          (if (local.get $exponentMinus) (then (local.set $exponent (i32.sub (i32.const 0) (local.get $exponent)))))
          (local.set $scale (i32.add (local.get $scale) (local.get $exponent)))))

        ;; The line's end: 10 less 48.
        (br_if $stop (i32.ne (local.get $c) (i32.const -38)))
        (br_if $stop (i32.ge_u (local.get $q) (local.get $qEnd)))

        (local.set $v (f64.convert_i64_s (local.get $m)))
        (block $signed
          (br_if $signed (i32.eqz (local.get $scale)))
          (br_if $signed (i64.eqz (local.get $m)))
          (br_if $stop (i32.gt_s (local.get $scale) (i32.const 22)))
          (br_if $stop (i32.lt_s (local.get $scale) (i32.const -22)))
          (if (i32.gt_s (local.get $scale) (i32.const 0)) (then
            (br_if $stop (i64.gt_u (local.get $m) (i64.const 9007199254740992)))
            (local.set $v (f64.mul (local.get $v)
              (f64.load offset=$POWERS (i32.shl (local.get $scale) (i32.const 3)))))
            (br $signed)))
          (local.set $power (f64.load offset=$POWERS (i32.shl (i32.sub (i32.const 0) (local.get $scale)) (i32.const 3))))
          (local.set $hi (local.get $v))
          (local.set $v (f64.div (local.get $hi) (local.get $power)))
          (br_if $signed (i32.eqz (i64.gt_u (local.get $m) (i64.const 9007199254740992))))

          ;; product + rest = v · power, exactly (Dekker): both factors are split into halves of 26 bits.
          (local.set $product (f64.mul (local.get $v) (local.get $power)))
          (local.set $a (f64.mul (local.get $v) (f64.const 134217729)))
          (local.set $a (f64.sub (local.get $a) (f64.sub (local.get $a) (local.get $v))))
          (local.set $b (f64.mul (local.get $power) (f64.const 134217729)))
          (local.set $b (f64.sub (local.get $b) (f64.sub (local.get $b) (local.get $power))))
          (local.set $rest (f64.add
            (f64.add
              (f64.add
                (f64.sub (f64.mul (local.get $a) (local.get $b)) (local.get $product))
                (f64.mul (local.get $a) (f64.sub (local.get $power) (local.get $b))))
              (f64.mul (f64.sub (local.get $v) (local.get $a)) (local.get $b)))
            (f64.mul (f64.sub (local.get $v) (local.get $a)) (f64.sub (local.get $power) (local.get $b)))))
          ;; What is left of m over the power.
          (local.set $rest (f64.div
            (f64.add
              (f64.sub (f64.sub (local.get $hi) (local.get $product)) (local.get $rest))
              (f64.convert_i64_s (i64.sub (local.get $m) (i64.trunc_f64_s (local.get $hi)))))
            (local.get $power)))
          (local.set $sum (f64.add (local.get $v) (local.get $rest)))
          ;; Below a power of two the unit is half as large.
          (br_if $stop (i64.eqz (i64.and (i64.reinterpret_f64 (local.get $sum)) (i64.const 4503599627370495))))
          (local.set $a (f64.sub
            (f64.reinterpret_i64 (i64.add (i64.reinterpret_f64 (local.get $sum)) (i64.const 1)))
            (local.get $sum)))
          (br_if $stop (f64.gt
            (f64.abs (f64.sub (local.get $rest) (f64.sub (local.get $sum) (local.get $v))))
            (f64.mul (local.get $a) (f64.const 0.49999))))
          (local.set $v (local.get $sum)))
        (if (local.get $minus) (then (local.set $v (f64.neg (local.get $v))))))

      (f64.store offset=$VALUES (i32.shl (local.get $line) (i32.const 3)) (local.get $v))
      (i32.store offset=$NEW_STARTS (i32.shl (local.get $line) (i32.const 2)) (i32.sub (local.get $start) (local.get $qOrigin)))
      (i32.store offset=$NEW_ENDS (i32.shl (local.get $line) (i32.const 2)) (i32.sub (local.get $q) (local.get $qOrigin)))
      (local.set $p (i32.add (local.get $pOrigin) (i32.load offset=$ENDS (i32.shl (local.get $line) (i32.const 2)))))
      (local.set $line (i32.add (local.get $line) (i32.const 1)))
      (br $next)))
  (local.get $line))
`;

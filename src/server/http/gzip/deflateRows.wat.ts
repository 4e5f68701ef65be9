/**
 * Deflate (RFC 1951) of rows of JSON, in one pass and with one code that stands beforehand. What repeats in such rows repeats from sample to sample and
 * from row to row, so nothing is looked for: at each quotation mark the bytes are held against those at the mark that closed the sample before, or
 * against those as far back as the last repetition was.
 */
export const DEFLATE_ROWS = `
(const $LITERALS 0)          ;; by byte: the code, and how long it is from bit 27 on
(const $LENGTHS 1024)        ;; by length up to 258: the code with its extra bits, the same
(const $LEFT 2064)           ;; the bits that are left behind the last whole byte, and how many
(const $LEFT_COUNT 2068)
(const $SEEN 4096)           ;; by hash of eight bytes: the last quotation mark before such ones
(const $DISTANCES 20480)     ;; by distance up to 32768, as the lengths
(memory $memory 9)

;; How many bytes from 'p' on are those from 'from' on, up to 'max'; 0 where that is before 'start', not before 'p', or too far away.
(func $alike (param $p i32) (param $from i32) (param $start i32) (param $max i32) (result i32)
  (local $length i32) (local $differ i64)
  (if (i32.or
    (i32.lt_u (local.get $from) (local.get $start))
    (i32.gt_u (i32.sub (i32.sub (local.get $p) (local.get $from)) (i32.const 1)) (i32.const 32767))) (then
    (return (i32.const 0))))
  (block $differs
    (loop $next
      (local.set $differ (i64.xor
        (i64.load (i32.add (local.get $p) (local.get $length)))
        (i64.load (i32.add (local.get $from) (local.get $length)))))
      (if (i64.eqz (local.get $differ)) (then
        (local.set $length (i32.add (local.get $length) (i32.const 8)))
        (br_if $differs (i32.ge_u (local.get $length) (local.get $max)))
        (br $next)))
      (local.set $length (i32.add
        (local.get $length)
        (i32.wrap_i64 (i64.shr_u (i64.ctz (local.get $differ)) (i64.const 3)))))))
  (if (i32.gt_u (local.get $length) (local.get $max)) (then (return (local.get $max))))
  (local.get $length))

;; Writes bytes [p, end) from 'out' on, behind 'count' bits in 'bits'; eight bytes behind 'end' can be read. Gives where what it wrote ends.
(func $deflate (param $p i32) (param $end i32) (param $out i32) (param $bits i32) (param $count i32) (result i32)
  (local $acc i64) (local $n i64) (local $code i32) (local $c i32) (local $closed i32) (local $distance i32) (local $from i32) (local $length i32)
  (local $max i32) (local $start i32) (local $hash i32)
  (local.set $acc (i64.extend_i32_u (local.get $bits)))
  (local.set $n (i64.extend_i32_u (local.get $count)))
  (local.set $start (local.get $p))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $p) (local.get $end)))
      (local.set $c (i32.load8_u (local.get $p)))
      (block $literal
        (br_if $literal (i32.and (i32.ne (local.get $c) (i32.const 34)) (i32.ne (local.get $c) (i32.const 46))))
        (local.set $max (i32.sub (local.get $end) (local.get $p)))
        (if (i32.gt_u (local.get $max) (i32.const 258)) (then (local.set $max (i32.const 258))))
        (if (i32.eq (i32.load16_u (local.get $p)) (i32.const 23842)) (then
          (local.set $from (local.get $closed))
          (local.set $closed (local.get $p))
          (local.set $length (call $alike (local.get $p) (local.get $from) (local.get $start) (local.get $max))))
        (else
          (local.set $length (i32.const 0))
          (if (i32.eq (local.get $c) (i32.const 34)) (then
            (local.set $from (i32.sub (local.get $p) (local.get $distance)))
            (local.set $length (call $alike (local.get $p) (local.get $from) (local.get $start) (local.get $max)))))
          (local.set $hash (i32.and (i32.const 16380) (i32.wrap_i64 (i64.shr_u
            (i64.mul (i64.load (local.get $p)) (i64.const -7046029254386353131))
            (i64.const 50)))))
          (if (i32.lt_u (local.get $length) (i32.const 5)) (then
            (local.set $from (i32.load offset=$SEEN (local.get $hash)))
            (local.set $length (call $alike (local.get $p) (local.get $from) (local.get $start) (local.get $max)))))
          (i32.store offset=$SEEN (local.get $hash) (local.get $p))))
        (br_if $literal (i32.lt_u (local.get $length) (i32.const 5)))
        (local.set $distance (i32.sub (local.get $p) (local.get $from)))
        (local.set $p (i32.add (local.get $p) (local.get $length)))
        ;; Fewer than 32 bits are there: a length has at most 20, a distance 27.
        (local.set $code (i32.load offset=$LENGTHS (i32.shl (local.get $length) (i32.const 2))))
        (local.set $acc (i64.or (local.get $acc) (i64.shl
          (i64.extend_i32_u (i32.and (local.get $code) (i32.const 134217727)))
          (local.get $n))))
        (local.set $n (i64.add (local.get $n) (i64.extend_i32_u (i32.shr_u (local.get $code) (i32.const 27)))))
        (if (i64.gt_u (local.get $n) (i64.const 31)) (then
          (i32.store (local.get $out) (i32.wrap_i64 (local.get $acc)))
          (local.set $out (i32.add (local.get $out) (i32.const 4)))
          (local.set $acc (i64.shr_u (local.get $acc) (i64.const 32)))
          (local.set $n (i64.sub (local.get $n) (i64.const 32)))))
        (local.set $code (i32.load offset=$DISTANCES (i32.shl (local.get $distance) (i32.const 2))))
        (local.set $acc (i64.or (local.get $acc) (i64.shl
          (i64.extend_i32_u (i32.and (local.get $code) (i32.const 134217727)))
          (local.get $n))))
        (local.set $n (i64.add (local.get $n) (i64.extend_i32_u (i32.shr_u (local.get $code) (i32.const 27)))))
        (if (i64.gt_u (local.get $n) (i64.const 31)) (then
          (i32.store (local.get $out) (i32.wrap_i64 (local.get $acc)))
          (local.set $out (i32.add (local.get $out) (i32.const 4)))
          (local.set $acc (i64.shr_u (local.get $acc) (i64.const 32)))
          (local.set $n (i64.sub (local.get $n) (i64.const 32)))))
        (br $next))
      (local.set $code (i32.load offset=$LITERALS (i32.shl (local.get $c) (i32.const 2))))
      (local.set $acc (i64.or (local.get $acc) (i64.shl
        (i64.extend_i32_u (i32.and (local.get $code) (i32.const 134217727)))
        (local.get $n))))
      (local.set $n (i64.add (local.get $n) (i64.extend_i32_u (i32.shr_u (local.get $code) (i32.const 27)))))
      (if (i64.gt_u (local.get $n) (i64.const 31)) (then
        (i32.store (local.get $out) (i32.wrap_i64 (local.get $acc)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (local.set $acc (i64.shr_u (local.get $acc) (i64.const 32)))
        (local.set $n (i64.sub (local.get $n) (i64.const 32)))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br $next)))
  (block $whole
    (loop $byte
      (br_if $whole (i64.gt_u (i64.const 8) (local.get $n)))
      (i32.store8 (local.get $out) (i32.wrap_i64 (local.get $acc)))
      (local.set $out (i32.add (local.get $out) (i32.const 1)))
      (local.set $acc (i64.shr_u (local.get $acc) (i64.const 8)))
      (local.set $n (i64.sub (local.get $n) (i64.const 8)))
      (br $byte)))
  (i32.store offset=$LEFT (i32.const 0) (i32.wrap_i64 (local.get $acc)))
  (i32.store offset=$LEFT_COUNT (i32.const 0) (i32.wrap_i64 (local.get $n)))
  (return (local.get $out)))
`;

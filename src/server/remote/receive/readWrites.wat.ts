/**
 * What nearly all of a remote write request is, read in WebAssembly: the snappy block, and in it series that are known already, by the bytes that their
 * labels are written with, each with samples in the usual form.
 *
 * It stops before anything else (a series that is not known, an exemplar, a native histogram, fields in another order, a sample without a time or with
 * one too far ahead), having taken nothing of that series. `WriteRequest` reads that with the general reader, which is the oracle of all of it, and goes on here.
 *
 * A series is known by a record: the record of the series that followed it last (senders repeat theirs in the same order, so that one is looked at
 * first), the next record with a hash in the same place of the table, group, column, length of the labels, and their bytes.
 */
export const RECORD_SIZE = 20;
/** Of the table of hashes, a power of two. */
export const PLACES = 65_536;
/** Samples that one call takes. */
export const CELLS_MAX = 8192;
/** The kernel reads and writes this far beyond a region's end. */
const PADDING = 64;

/** What is not written takes no memory: the regions are as large as they may have to be. */
export const STATE_AT = 0;
export const GROUPS_AT = 64;
export const COLUMNS_AT = GROUPS_AT + 4 * CELLS_MAX;
export const TIMES_AT = COLUMNS_AT + 4 * CELLS_MAX;
export const VALUES_AT = TIMES_AT + 8 * CELLS_MAX;
export const PLACES_AT = VALUES_AT + 8 * CELLS_MAX;
export const INPUT_AT = PLACES_AT + 4 * PLACES;
export const INPUT_SIZE_MAX = 16 * 1024 * 1024;
export const MESSAGE_AT = INPUT_AT + INPUT_SIZE_MAX + PADDING;
/** What a request may unfold to; the declared size is looked at before anything is unfolded. */
export const MESSAGE_SIZE_MAX = 64 * 1024 * 1024;
/** Records, to the end of the memory. */
export const RECORDS_AT = MESSAGE_AT + MESSAGE_SIZE_MAX + PADDING;
export const PAGE_SIZE = 65_536;
export const RECORDS_PADDING = PADDING;

/** Gives 0 for a varint that does not end before `stop` or is longer than eight bytes; else where it ends, and the number at STATE + 8. */
const VARINT = `
(func $varint (param $at i32) (param $stop i32) (result i32)
  (local $v i64) (local $shift i64) (local $b i64)
  (loop $next
    (if (i32.ge_u (local.get $at) (local.get $stop)) (then (return (i32.const 0))))
    (if (i64.gt_u (local.get $shift) (i64.const 49)) (then (return (i32.const 0))))
    (local.set $b (i64.extend_i32_u (i32.load8_u (local.get $at))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (local.set $v (i64.or (local.get $v) (i64.shl (i64.and (local.get $b) (i64.const 127)) (local.get $shift))))
    (local.set $shift (i64.add (local.get $shift) (i64.const 7)))
    (br_if $next (i64.gt_u (local.get $b) (i64.const 127))))
  (i64.store offset=8 (i32.const $STATE) (local.get $v))
  (local.get $at))
`;

/** Of bytes of any length, eight at a time. */
const HASH = `
(func $hash (param $at i32) (param $length i32) (param $seed i64) (result i32)
  (local $h i64)
  (local.set $h (i64.xor (local.get $seed) (i64.extend_i32_u (local.get $length))))
  (block $tail
    (loop $word
      (br_if $tail (i32.lt_u (local.get $length) (i32.const 8)))
      (local.set $h (i64.mul (i64.xor (local.get $h) (i64.load (local.get $at))) (i64.const -7046029288634856825)))
      (local.set $h (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 29))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (local.set $length (i32.sub (local.get $length) (i32.const 8)))
      (br $word)))
  (if (local.get $length) (then
    (local.set $h (i64.xor (local.get $h) (i64.and (i64.load (local.get $at))
      (i64.sub (i64.shl (i64.const 1) (i64.extend_i32_u (i32.shl (local.get $length) (i32.const 3)))) (i64.const 1)))))))
  (local.set $h (i64.mul (i64.xor (local.get $h) (i64.shr_u (local.get $h) (i64.const 32))) (i64.const -7046029288634856825)))
  (i32.wrap_i64 (i64.shr_u (local.get $h) (i64.const 32))))
`;

const ALIKE = `
(func $alike (param $p i32) (param $q i32) (param $left i32) (result i32)
  (loop $chunk
    (if (i32.lt_u (local.get $left) (i32.const 16)) (then
      (return (i32.eqz (i32.and
        (i8x16.bitmask (i8x16.ne (v128.load (local.get $p)) (v128.load (local.get $q))))
        (i32.sub (i32.shl (i32.const 1) (local.get $left)) (i32.const 1)))))))
    (if (v128.any_true (i8x16.ne (v128.load (local.get $p)) (v128.load (local.get $q)))) (then (return (i32.const 0))))
    (local.set $p (i32.add (local.get $p) (i32.const 16)))
    (local.set $q (i32.add (local.get $q) (i32.const 16)))
    (local.set $left (i32.sub (local.get $left) (i32.const 16)))
    (br $chunk))
  (i32.const 0))
`;

/** The record of the labels at a place, 0 if there is none. */
const FIND = `
(func $find (param $at i32) (param $length i32) (param $seed i64) (result i32)
  (local $record i32)
  (local.set $record (i32.load offset=$PLACES (i32.shl
    (i32.and (call $hash (local.get $at) (local.get $length) (local.get $seed)) (i32.const $PLACES_MASK))
    (i32.const 2))))
  (block $found
    (loop $next
      (br_if $found (i32.eqz (local.get $record)))
      (if (i32.eq (i32.load offset=16 (local.get $record)) (local.get $length)) (then
        (br_if $found (call $alike (i32.add (local.get $record) (i32.const $RECORD_SIZE)) (local.get $at) (local.get $length)))))
      (local.set $record (i32.load offset=4 (local.get $record)))
      (br $next)))
  (local.get $record))
`;

/**
 * Unfolds a snappy block (behind its length) into [out, outEnd). Whether that is what it was.
 * Copies go sixteen bytes at a time and over the end of what is copied: what is written next, or nobody, has its place there.
 */
const UNFOLD = `
(func $unfold (param $in i32) (param $inEnd i32) (param $out i32) (param $outEnd i32) (result i32)
  (local $first i32) (local $tag i32) (local $length i32) (local $back i32) (local $from i32) (local $to i32)
  (local.set $first (local.get $out))
  (block $bad
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $in) (local.get $inEnd)))
        (local.set $tag (i32.load8_u (local.get $in)))
        (local.set $in (i32.add (local.get $in) (i32.const 1)))
        (local.set $length (i32.shr_u (local.get $tag) (i32.const 2)))

        (if (i32.eqz (i32.and (local.get $tag) (i32.const 3))) (then
          ;; A literal.
          (if (i32.gt_u (local.get $length) (i32.const 59)) (then
            ;; Its length less one is in as many bytes as the tag is above 59.
            (local.set $back (i32.sub (local.get $length) (i32.const 59)))
            (local.set $length (i32.load (local.get $in)))
            (if (i32.lt_u (local.get $back) (i32.const 4)) (then
              (local.set $length (i32.and (local.get $length)
                (i32.sub (i32.shl (i32.const 1) (i32.shl (local.get $back) (i32.const 3))) (i32.const 1))))))
            (local.set $in (i32.add (local.get $in) (local.get $back)))
            (br_if $bad (i32.gt_u (local.get $in) (local.get $inEnd)))))
          (br_if $bad (i32.ge_u (local.get $length) (i32.sub (local.get $inEnd) (local.get $in))))
          (br_if $bad (i32.ge_u (local.get $length) (i32.sub (local.get $outEnd) (local.get $out))))
          (local.set $length (i32.add (local.get $length) (i32.const 1)))
          (local.set $from (local.get $in))
          (local.set $in (i32.add (local.get $in) (local.get $length))))
        (else
          ;; A copy of what came before.
          (if (i32.eq (i32.and (local.get $tag) (i32.const 3)) (i32.const 1)) (then
            (local.set $length (i32.add (i32.and (local.get $length) (i32.const 7)) (i32.const 4)))
            (local.set $back (i32.or (i32.shl (i32.shr_u (local.get $tag) (i32.const 5)) (i32.const 8)) (i32.load8_u (local.get $in))))
            (local.set $in (i32.add (local.get $in) (i32.const 1))))
          (else
            (local.set $length (i32.add (local.get $length) (i32.const 1)))
            (if (i32.eq (i32.and (local.get $tag) (i32.const 3)) (i32.const 2)) (then
              (local.set $back (i32.load16_u (local.get $in)))
              (local.set $in (i32.add (local.get $in) (i32.const 2))))
            (else
              (local.set $back (i32.load (local.get $in)))
              (local.set $in (i32.add (local.get $in) (i32.const 4)))))))
          (br_if $bad (i32.gt_u (local.get $in) (local.get $inEnd)))
          (br_if $bad (i32.eqz (local.get $back)))
          (br_if $bad (i32.gt_u (local.get $back) (i32.sub (local.get $out) (local.get $first))))
          (br_if $bad (i32.gt_u (i32.add (local.get $out) (local.get $length)) (local.get $outEnd)))
          (local.set $from (i32.sub (local.get $out) (local.get $back)))
          (if (i32.lt_u (local.get $back) (i32.const 16)) (then
            ;; It repeats itself: byte by byte.
            (local.set $to (i32.add (local.get $out) (local.get $length)))
            (loop $byte
              (i32.store8 (local.get $out) (i32.load8_u (local.get $from)))
              (local.set $from (i32.add (local.get $from) (i32.const 1)))
              (local.set $out (i32.add (local.get $out) (i32.const 1)))
              (br_if $byte (i32.lt_u (local.get $out) (local.get $to))))
            (br $next)))))

        (local.set $to (i32.add (local.get $out) (local.get $length)))
        (loop $chunk
          (v128.store (local.get $out) (v128.load (local.get $from)))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (local.set $out (i32.add (local.get $out) (i32.const 16)))
          (br_if $chunk (i32.lt_u (local.get $out) (local.get $to))))
        (local.set $out (local.get $to))
        (br $next)))
    (return (i32.eq (local.get $out) (local.get $outEnd))))
  (i32.const 0))
`;

/**
 * Reads series from `at` on. Gives where it stopped; at STATE: how many samples it took, and the record of the series that it read last.
 *
 * @param last of the series read before, 0 for none.
 */
const READ = `
(func $read (param $at i32) (param $end i32) (param $last i32) (param $maxTime i64) (param $seed i64) (result i32)
  (local $from i32) (local $to i32) (local $stop i32) (local $labelsEnd i32) (local $record i32) (local $length i32)
  (local $taken i32) (local $count i32) (local $value i64) (local $time i64) (local $next i32)
  (block $stopped
    (loop $series
      (br_if $stopped (i32.ge_u (local.get $at) (local.get $end)))
      (br_if $stopped (i32.ne (i32.load8_u (local.get $at)) (i32.const 10)))
      (local.set $from (call $varint (i32.add (local.get $at) (i32.const 1)) (local.get $end)))
      (br_if $stopped (i32.eqz (local.get $from)))
      (br_if $stopped (i64.gt_u (i64.load offset=8 (i32.const $STATE)) (i64.const $MESSAGE_SIZE_MAX)))
      (local.set $to (i32.add (local.get $from) (i32.load offset=8 (i32.const $STATE))))
      (br_if $stopped (i32.gt_u (local.get $to) (local.get $end)))

      ;; Which series. After labels that are alike a sample must begin, or the series has more of them.
      (block $known
        (if (local.get $last) (then
          (local.set $record (i32.load (local.get $last)))
          (if (local.get $record) (then
            (local.set $length (i32.load offset=16 (local.get $record)))
            (local.set $labelsEnd (i32.add (local.get $from) (local.get $length)))
            (if (i32.lt_u (local.get $labelsEnd) (local.get $to)) (then
              (if (i32.eq (i32.load8_u (local.get $labelsEnd)) (i32.const 18)) (then
                (br_if $known (call $alike (i32.add (local.get $record) (i32.const $RECORD_SIZE)) (local.get $from) (local.get $length)))))))))))
        (local.set $labelsEnd (local.get $from))
        (block $labels
          (loop $label
            (br_if $labels (i32.ge_u (local.get $labelsEnd) (local.get $to)))
            (br_if $labels (i32.ne (i32.load8_u (local.get $labelsEnd)) (i32.const 10)))
            (local.set $labelsEnd (call $varint (i32.add (local.get $labelsEnd) (i32.const 1)) (local.get $to)))
            (br_if $stopped (i32.eqz (local.get $labelsEnd)))
            (br_if $stopped (i64.gt_u (i64.load offset=8 (i32.const $STATE)) (i64.const $MESSAGE_SIZE_MAX)))
            (local.set $labelsEnd (i32.add (local.get $labelsEnd) (i32.load offset=8 (i32.const $STATE))))
            (br_if $stopped (i32.gt_u (local.get $labelsEnd) (local.get $to)))
            (br $label)))
        (local.set $record (call $find (local.get $from) (i32.sub (local.get $labelsEnd) (local.get $from)) (local.get $seed)))
        (br_if $stopped (i32.eqz (local.get $record)))
        (if (local.get $last) (then (i32.store (local.get $last) (local.get $record)))))

      ;; Its samples.
      (local.set $next (local.get $count))
      (local.set $from (local.get $labelsEnd))
      (block $samples
        (loop $sample
          (br_if $samples (i32.ge_u (local.get $from) (local.get $to)))
          (br_if $stopped (i32.ne (i32.load8_u (local.get $from)) (i32.const 18)))
          (br_if $stopped (i32.eq (local.get $next) (i32.const $CELLS_MAX)))
          (local.set $length (i32.load8_u offset=1 (local.get $from)))
          (br_if $stopped (i32.gt_u (local.get $length) (i32.const 127)))
          (local.set $from (i32.add (local.get $from) (i32.const 2)))
          (local.set $stop (i32.add (local.get $from) (local.get $length)))
          (br_if $stopped (i32.gt_u (local.get $stop) (local.get $to)))
          (local.set $value (i64.const 0))
          (if (i32.eq (i32.load8_u (local.get $from)) (i32.const 9)) (then
            (local.set $value (i64.load offset=1 (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 9)))))
          (br_if $stopped (i32.ge_u (local.get $from) (local.get $stop)))
          (br_if $stopped (i32.ne (i32.load8_u (local.get $from)) (i32.const 16)))
          (local.set $from (call $varint (i32.add (local.get $from) (i32.const 1)) (local.get $stop)))
          (br_if $stopped (i32.ne (local.get $from) (local.get $stop)))
          (local.set $time (i64.load offset=8 (i32.const $STATE)))
          (br_if $stopped (i64.gt_s (local.get $time) (local.get $maxTime)))
          (i32.store offset=$GROUPS (i32.shl (local.get $next) (i32.const 2)) (i32.load offset=8 (local.get $record)))
          (i32.store offset=$COLUMNS (i32.shl (local.get $next) (i32.const 2)) (i32.load offset=12 (local.get $record)))
          (f64.store offset=$TIMES (i32.shl (local.get $next) (i32.const 3)) (f64.convert_i64_s (local.get $time)))
          (i64.store offset=$VALUES (i32.shl (local.get $next) (i32.const 3)) (local.get $value))
          (local.set $next (i32.add (local.get $next) (i32.const 1)))
          (br $sample)))

      (local.set $count (local.get $next))
      (local.set $last (local.get $record))
      (local.set $at (local.get $to))
      (br $series)))
  (i32.store (i32.const $STATE) (local.get $count))
  (i32.store offset=4 (i32.const $STATE) (local.get $last))
  (local.get $at))
`;

export const READ_WRITES = `
(const $STATE ${STATE_AT})
(const $GROUPS ${GROUPS_AT})      ;; by sample: group and column of its series, time, the bits of its value
(const $COLUMNS ${COLUMNS_AT})
(const $TIMES ${TIMES_AT})
(const $VALUES ${VALUES_AT})
(const $PLACES ${PLACES_AT})      ;; by hash: the newest record of it
(const $PLACES_MASK ${PLACES - 1})
(const $RECORD_SIZE ${RECORD_SIZE})
(const $CELLS_MAX ${CELLS_MAX})
(const $MESSAGE_SIZE_MAX ${MESSAGE_SIZE_MAX})
(memory $memory ${Math.ceil(RECORDS_AT / PAGE_SIZE)})
${VARINT}${HASH}${ALIKE}${FIND}${UNFOLD}${READ}`;

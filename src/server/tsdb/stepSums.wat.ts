import { STEP_ROWS_MAX } from './steps.ts';

/** The kernel adds so many rows at a time. */
export const LANES = 16;
/** Bytes that stay free behind the steps: the kernel reads up to {@link LANES} beyond their end. */
const PADDING = 64;
export const STEPS_AT = 0;
export const SUMS_AT = STEPS_AT + STEP_ROWS_MAX + PADDING;

/** Steps of a byte each, none of which goes down, added up in sixteen bits each: sixteen rows at a time. */
export const STEP_SUMS = `
(const $STEPS ${STEPS_AT})
(const $SUMS ${SUMS_AT})
(memory $memory 4)

;; Adds the first 'count' steps, and up to fifteen more, to their sums.
(func $add (param $count i32)
  (local $at i32) (local $steps v128)
  (loop $next
    (local.set $steps (v128.load offset=$STEPS (local.get $at)))
    (v128.store offset=$SUMS (i32.shl (local.get $at) (i32.const 1)) (i16x8.add
      (v128.load offset=$SUMS (i32.shl (local.get $at) (i32.const 1)))
      (i16x8.extend_low_i8x16_u (local.get $steps))))
    (v128.store offset=${SUMS_AT + 16} (i32.shl (local.get $at) (i32.const 1)) (i16x8.add
      (v128.load offset=${SUMS_AT + 16} (i32.shl (local.get $at) (i32.const 1)))
      (i16x8.extend_high_i8x16_u (local.get $steps))))
    (local.set $at (i32.add (local.get $at) (i32.const 16)))
    (br_if $next (i32.gt_u (local.get $count) (local.get $at)))))
`;

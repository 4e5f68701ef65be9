// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../../shared/bytes/snappyjs.d.ts" />
import fc from 'fast-check';
import { compress, uncompress } from 'snappyjs';
import { MESSAGE_SIZE_MAX } from './readWrites.wat.ts';
import { BlockError, WriteKernel } from './writeKernel.ts';

const kernel = new WriteKernel();

/** What a block holds as the kernel has it; undefined where it refuses. */
function unfolded(block: Uint8Array): number[] | undefined {
  try {
    kernel.unfold(block);
    return [...kernel.message];
  } catch (error) {
    if (error instanceof BlockError) return undefined;
    throw error;
  }
}

/** Bytes that repeat themselves at short and long distances. */
const bytes = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 60 })), { maxLength: 30 })
  .map((parts) =>
    Uint8Array.from(
      parts.flatMap(([part, times]) =>
        Array(times)
          .fill([...part])
          .flat(),
      ),
    ),
  );

describe('a snappy block', () => {
  test('is unfolded to what was folded', () => {
    fc.assert(fc.property(bytes, (content) => expect(unfolded(compress(content))).toEqual([...content])));
  });

  test('that is damaged is unfolded as by the plain decoder, or refused', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.integer({ min: 0, max: 255 }), (content, place, byte) => {
        const block = new Uint8Array(compress(content));
        block[place % block.length] = byte;
        const seen = unfolded(block);
        if (seen !== undefined) expect(seen).toEqual([...uncompress(block, MESSAGE_SIZE_MAX)]);
      }),
      { numRuns: 1000 },
    );
  });

  test('holds copies with offsets of each width, and literals with lengths of each', () => {
    const text = 'abcdefgh'.repeat(10);
    const ascii = [...Buffer.from(text)];
    const literal = [0xf0, 79, ...ascii];
    expect(unfolded(Uint8Array.of(80, ...literal))).toEqual(ascii);
    expect(unfolded(Uint8Array.of(80, 0xf4, 79, 0, ...ascii))).toEqual(ascii);
    expect(unfolded(Uint8Array.of(80, 0xf8, 79, 0, 0, ...ascii))).toEqual(ascii);
    expect(unfolded(Uint8Array.of(80, 0xfc, 79, 0, 0, 0, ...ascii))).toEqual(ascii);
    expect(unfolded(Uint8Array.of(80, 0xfc, 79, 0, 0, 0xff, ...ascii))).toBeUndefined();
    const copied = [...ascii, ...ascii.slice(0, 4)];
    expect(unfolded(Uint8Array.of(84, ...literal, 0x01, 80))).toEqual(copied);
    expect(unfolded(Uint8Array.of(84, ...literal, 0x0e, 80, 0))).toEqual(copied);
    expect(unfolded(Uint8Array.of(84, ...literal, 0x0f, 80, 0, 0, 0))).toEqual(copied);
    expect(unfolded(Uint8Array.of(5, 0x00, 97, 0x01, 1))).toEqual([97, 97, 97, 97, 97]);
  });

  test.each([
    ['is empty', []],
    ['ends inside its size', [0x80]],
    ['has a size of more than five bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['declares more than may be', [0x80, 0x80, 0x80, 0x80, 0x0f]],
    ['ends inside a literal', [5, 0x10, 97]],
    ['ends inside a copy', [9, 0x10, 97, 97, 97, 97, 97, 0x01]],
    ['copies from before its beginning', [9, 0x10, 97, 97, 97, 97, 97, 0x01, 6]],
    ['copies from nowhere', [9, 0x10, 97, 97, 97, 97, 97, 0x01, 0]],
    ['holds less than it says', [9, 0x10, 97, 97, 97, 97, 97]],
    ['holds more than it says', [4, 0x10, 97, 97, 97, 97, 97]],
  ])('is refused that %s', (_, block) => {
    expect(unfolded(Uint8Array.from(block))).toBeUndefined();
  });
});

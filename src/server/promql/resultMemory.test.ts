import { giveBackNumbers, takeNumbers } from './resultMemory.ts';

const KIB = 1024 / Float64Array.BYTES_PER_ELEMENT;

/** Forgets what earlier tests gave back. */
beforeEach(() => void takeNumbers(2048 * KIB));

test('numbers that were given back are the next ones, of the same size or somewhat fewer', () => {
  const first = takeNumbers(2048 * KIB);
  const { buffer } = first;
  giveBackNumbers(first.subarray(0, 10));
  const next = takeNumbers(600 * KIB);
  expect(next.buffer).toBe(buffer);
  expect(next).toHaveLength(600 * KIB);
  expect(takeNumbers(600 * KIB).buffer).not.toBe(buffer);
});

test('few numbers do not take the memory of many', () => {
  const first = takeNumbers(2048 * KIB);
  giveBackNumbers(first);
  for (const count of [100, 500 * KIB, 4096 * KIB]) expect(takeNumbers(count).buffer).not.toBe(first.buffer);
});

test('the larger one is kept, and the other one’s memory let go', () => {
  const [small, large] = [takeNumbers(1024 * KIB), takeNumbers(1500 * KIB)];
  const { buffer } = large;
  giveBackNumbers(small);
  giveBackNumbers(large);
  expect(small.buffer.byteLength).toBe(0);
  expect(takeNumbers(1024 * KIB).buffer).toBe(buffer);
});

test('what is too little or too much is let go, what is shared or was handed over stays', () => {
  for (const count of [1, 200 * KIB, 32 * 1024 * KIB]) {
    const numbers = takeNumbers(count);
    giveBackNumbers(numbers);
    expect(numbers.buffer.byteLength).toBe(0);
  }
  const shared = new Float64Array(new SharedArrayBuffer(8 * 1024 * KIB));
  giveBackNumbers(shared);
  expect(shared).toHaveLength(1024 * KIB);
  const handedOver = takeNumbers(1024 * KIB);
  structuredClone(handedOver, { transfer: [handedOver.buffer] });
  giveBackNumbers(handedOver);
  expect(takeNumbers(1024 * KIB).buffer.byteLength).toBeGreaterThan(0);
});

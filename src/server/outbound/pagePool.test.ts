import fc from 'fast-check';
import { PagePool } from './pagePool.ts';

test('memory that is given back is lent again, by any view of it', () => {
  const pool = new PagePool();
  const { buffer } = pool.take(5000);
  pool.giveBack(new Uint8Array(buffer, 10, 20));
  expect(pool.take(4900).buffer).toBe(buffer);
});

test('what is given back twice, or comes from elsewhere, is not lent to two', () => {
  const pool = new PagePool();
  const page = pool.take(100);
  pool.giveBack(page);
  pool.giveBack(page);
  pool.giveBack(new Uint8Array(page.length));
  expect(pool.idleBytes).toBe(page.length);
  expect(pool.take(100).buffer).not.toBe(pool.take(100).buffer);
});

test('idle memory is bounded', () => {
  const pool = new PagePool();
  const pages = Array.from({ length: 20 }, () => pool.take(1 << 20));
  for (const page of pages) pool.giveBack(page);
  expect(pool.idleBytes).toBe(4 << 20);
});

test('a loan is large enough and not a third larger', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4096, max: 1 << 26 }), (size) => {
      const { length } = new PagePool().take(size);
      expect(length).toBeGreaterThanOrEqual(size);
      expect(length).toBeLessThan(size * 1.26);
    }),
    { numRuns: 50 },
  );
});

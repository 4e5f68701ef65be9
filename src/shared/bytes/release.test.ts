import { release } from './release.ts';

test('memory of its own is given back', () => {
  const bytes = new Uint8Array(100);
  release(bytes.subarray(0, 80));
  expect([bytes.length, bytes.buffer.byteLength]).toEqual([0, 0]);
});

test('what is a part of something larger stays, and what is shared', () => {
  const all = new Uint8Array(100).fill(7);
  release(all.subarray(10, 20));
  expect(all).toEqual(new Uint8Array(100).fill(7));
  const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(7);
  release(shared);
  expect(shared[0]).toBe(7);
});

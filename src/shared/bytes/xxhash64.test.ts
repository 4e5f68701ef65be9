import { xxhash64 } from './xxhash64.ts';

test.each([
  [0, 0xef46db3751d8e999n],
  [1, 0xe934a84adb052768n],
  [3, 0xe5c7bb4533bc65ddn],
  [4, 0xffced8604453cc1en],
  [7, 0x14cc643f630c72d2n],
  [8, 0x884a173614b81b8dn],
  [12, 0x424af23f1f08dca5n],
  [31, 0xc346d2b59b4d8ee1n],
  [32, 0xcbf59c5116ff32b4n],
  [33, 0x0c535d1acafb8eadn],
  [63, 0xe26aa9e2a95f8e4fn],
  [64, 0xf7c67301db6713f0n],
  [100, 0x6ac1e58032166597n],
] as const)('of the bytes 0, 1, 2, … up to %i of them, as the Go package has it', (count, hash) => {
  expect(xxhash64(Uint8Array.from({ length: count }, (_, i) => i))).toBe(hash);
});

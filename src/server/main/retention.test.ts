import { retentionOf, retentionText } from './retention.ts';

const DAY = 86_400_000;
const flags = (time = 0, size = 0) => ({ 'storage.tsdb.retention.time': time, 'storage.tsdb.retention.size': size });

test.each([
  ['nothing', flags(), {}, '15d'],
  ['a time', flags(2 * DAY), {}, '2d'],
  ['bytes alone', flags(0, 512 * 1024 ** 2), {}, '512MiB'],
  ['both', flags(DAY, 1000), {}, '1d or 1000B'],
  ['another time in the file', flags(2 * DAY), { retentionMs: DAY }, '1d'],
  ['0 in the file', flags(2 * DAY), { retentionMs: 0, retentionBytes: 0, retentionPercentage: 0 }, '2d'],
  ['bytes in the file', flags(0, 1024), { retentionBytes: 2048 }, '2KiB'],
  ['a share in the file', flags(DAY, 1024), { retentionPercentage: 80 }, '1d or 80% of the disk'],
  ['a share alone', flags(), { retentionPercentage: 0.5 }, '0.5% of the disk'],
])('with %s said, what is kept is right', (_, given, storage, text) =>
  expect(retentionText(retentionOf(given, storage))).toBe(text),
);

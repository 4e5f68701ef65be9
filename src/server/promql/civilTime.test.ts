import { civilTime } from './civilTime.ts';

/** Made with Go's time package: year, month, day, weekday, day of the year, days of the month, hour, minute. */
test.each([
  [NaN, 292277026596, 12, 4, 0, 339, 31, 15, 30],
  [Infinity, 292277026596, 12, 4, 0, 339, 31, 15, 30],
  [1e300, 292277026596, 12, 4, 0, 339, 31, 15, 30],
  [1e15, 31690708, 7, 5, 0, 187, 31, 1, 46],
  [-1e15, -31686769, 6, 29, 0, 180, 30, 22, 13],
  [9.2e18, 291536396232, 8, 31, 5, 244, 31, 11, 33],
  [-9.2e18, -291536392293, 5, 3, 2, 123, 31, 12, 26],
  [8.64e12, 275760, 9, 13, 6, 257, 30, 0, 0],
  [-8.64e12, -271821, 4, 20, 2, 110, 30, 0, 0],
  [1e18, 31688740476, 10, 23, 5, 297, 31, 1, 46],
  [-62135596801, 0, 12, 31, 0, 366, 31, 23, 59],
  [253402300800, 10000, 1, 1, 6, 1, 31, 0, 0],
  [0, 1970, 1, 1, 4, 1, 31, 0, 0],
  [1709208000.9, 2024, 2, 29, 4, 60, 29, 12, 0],
])('of %d seconds', (seconds, year, month, day, weekday, yearDay, daysInMonth, hour, minute) => {
  expect(civilTime(seconds)).toEqual({ year, month, day, weekday, yearDay, daysInMonth, hour, minute });
});

import {
  budgetUsed,
  BURN_WINDOWS,
  burnRate,
  detectionTime,
  errorBudget,
  errorThreshold,
  timeToExhaustion,
} from './burnRates.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PERIOD = 30 * DAY;
const [fast, slow, ticket] = BURN_WINDOWS;

/** The worked examples of the SRE workbook, chapter 5: 99.9 % over 30 days. */
describe('the workbook', () => {
  const budget = errorBudget(99.9);

  test.each([
    ['2 % of the budget in one hour', fast, 14.4],
    ['5 % of the budget in six hours', slow, 6],
    ['10 % of the budget in three days', ticket, 1],
    ['5 % of the budget in one hour', { ...fast, budgetShare: 0.05 }, 36],
  ])('%s is a burn rate of %j: %d', (_, window, rate) => expect(burnRate(window, PERIOD)).toBe(rate));

  test.each([
    [1, 0.001, 30 * DAY],
    [2, 0.002, 15 * DAY],
    [10, 0.01, 3 * DAY],
    [1000, 1, 43.2 * 60_000],
  ])('at a burn rate of %d, %d of the requests fail and the budget lasts %d ms', (rate, errors, lasts) => {
    expect(rate * budget).toBeCloseTo(errors, 12);
    expect(timeToExhaustion(errors, PERIOD, budget)).toBeCloseTo(lasts, 3);
  });

  test.each([
    [fast, 0.0144],
    [slow, 0.006],
    [ticket, 0.001],
  ])('%j tells from %d failed requests on', (window, threshold) =>
    expect(errorThreshold(window, PERIOD, budget)).toBe(threshold),
  );

  test('an outage of everything is told after 52 seconds, with 2 % of the budget gone', () => {
    const after = detectionTime(1, fast, PERIOD, budget);
    expect(after).toBeCloseTo(51_840, 6);
    expect(budgetUsed(1, after, PERIOD, budget)).toBeCloseTo(0.02, 12);
  });

  test('burning at exactly the threshold is told when the long window is full', () => {
    expect(detectionTime(0.0144, fast, PERIOD, budget)).toBe(HOUR);
    expect(detectionTime(0.0143, fast, PERIOD, budget)).toBe(Infinity);
  });
});

describe('other periods', () => {
  test('the same shares of 28 days are burn rates of 13.44 and 5.6', () => {
    expect(BURN_WINDOWS.map((window) => burnRate(window, 28 * DAY))).toEqual([13.44, 5.6, 1]);
  });

  test('a rate below 1 is no burning: a week has the ticket at 1', () => {
    expect(BURN_WINDOWS.map((window) => burnRate(window, 7 * DAY))).toEqual([3.36, 1.4, 1]);
  });
});

test('a loose objective still tells an outage of everything', () => {
  const budget = errorBudget(90);
  expect(burnRate(fast, PERIOD) * budget).toBeGreaterThan(1);
  expect(detectionTime(1, fast, PERIOD, budget)).toBe(0.8 * HOUR);
});

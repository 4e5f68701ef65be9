import { labelsOf } from '../../shared/model/labels.ts';
import { AlertSet, takeToSend, type FoundAlert } from './alerts.ts';

const MINUTE = 60_000;
const found = (name: string, value = 1): FoundAlert => ({
  labels: labelsOf({ name }),
  key: name,
  annotations: [],
  value,
});

/** The state of alert `a` after each minute; a letter says whether it is found. */
function states(alerts: AlertSet, minutes: string): string {
  return [...minutes]
    .map((letter, i) => {
      alerts.update(i * MINUTE, letter === 'x' ? [found('a')] : []);
      return alerts.all.length === 0 ? '.' : alerts.all[0].state[0];
    })
    .join('');
}

test.each([
  ['without `for` fires at once and is resolved', 0, 0, 'xx..', 'ffii'],
  ['is pending until `for` is over', 2, 0, 'xxxx', 'ppff'],
  ['that ends while pending is forgotten', 2, 0, 'x.xx', 'p.pp'],
  ['fires on while keep_firing_for lasts', 0, 2, 'x..x', 'ffff'],
  ['is resolved when keep_firing_for is over', 0, 2, 'x....', 'fffii'],
  ['that comes back while it is kept as resolved begins anew', 1, 0, 'xx.xx', 'pfipf'],
])('an alert %s', (_, forMinutes, keepMinutes, minutes, expected) => {
  expect(states(new AlertSet(forMinutes * MINUTE, keepMinutes * MINUTE), minutes)).toBe(expected);
});

test('a resolved alert is kept for a quarter of an hour', () => {
  const alerts = new AlertSet(0, 0);
  alerts.update(0, [found('a')]);
  alerts.update(MINUTE, []);
  alerts.update(16 * MINUTE, []);
  expect(alerts.all).toHaveLength(1);
  alerts.update(16 * MINUTE + 1, []);
  expect(alerts.all).toHaveLength(0);
});

test('receivers hear of an alert when it fires, again after the delay, and once it is resolved', () => {
  const alerts = new AlertSet(0, 0);
  const sent = (t: number) =>
    takeToSend(alerts, t, MINUTE, 15_000).map(({ state, validUntil }) => [state, validUntil - t]);
  alerts.update(0, [found('a')]);
  expect(sent(0)).toEqual([['firing', 4 * MINUTE]]);
  alerts.update(30_000, [found('a')]);
  expect(sent(30_000)).toEqual([]);
  alerts.update(MINUTE + 1, [found('a', 5)]);
  expect(sent(MINUTE + 1)).toHaveLength(1);
  alerts.update(MINUTE + 2, []);
  expect(sent(MINUTE + 2)).toEqual([['inactive', 4 * MINUTE]]);
  expect(sent(MINUTE + 3)).toEqual([]);
});

test('a pending alert is nobody’s business yet', () => {
  const alerts = new AlertSet(MINUTE, 0);
  alerts.update(0, [found('a')]);
  expect(takeToSend(alerts, 0, MINUTE, MINUTE)).toEqual([]);
});

import { Annotations } from './annotations.ts';

const TEXT = 'delta(rate(x[5m])[9m:])';
const OUTER = { from: 0, to: 23 };
const INNER = { from: 6, to: 17 };
const NO_PLACE = { from: 0, to: 0 };

describe('of the same words', () => {
  test('those of the call that is evaluated last stand, though it tells of a subquery, which has no place', () => {
    const told = new Annotations(TEXT);
    told.info('reconciled', NO_PLACE, OUTER);
    told.info('reconciled', { from: 11, to: 16 }, INNER);
    expect(told.infos).toEqual(['PromQL info: reconciled (1:1)']);
  });

  test('those about the later place stand where one call tells both', () => {
    const told = new Annotations(TEXT);
    told.warn('odd', { from: 11, to: 16 }, INNER);
    told.warn('odd', { from: 6, to: 7 }, INNER);
    expect(told.warnings).toEqual(['PromQL warning: odd (1:12)']);
  });
});

import fc from 'fast-check';
import { boxOf, boxParams, noBoxParams, versusOf } from './box.ts';
import { conditionsOf, conditionsText, withCondition, withoutCondition } from './conditions.ts';
import { bucketRates } from '../overview/latencySource.ts';

describe('conditions in the address', () => {
  test('whatever labels hold comes back as it was', () => {
    const condition = fc.record({
      label: fc.string({ minLength: 1 }),
      op: fc.constantFrom('=' as const, '!=' as const),
      value: fc.string(),
    });
    fc.assert(
      fc.property(fc.array(condition, { maxLength: 20 }), (conditions) => {
        expect(conditionsOf(conditionsText(conditions))).toEqual(conditions);
      }),
    );
  });
  test('a mistyped one ends the list, and never throws', () => {
    expect(conditionsOf('a="1",b=~"x",c="2"')).toEqual([{ label: 'a', op: '=', value: '1' }]);
    expect(conditionsOf(null)).toEqual([]);
    expect(conditionsOf('"')).toEqual([]);
  });
  test('of one label and value there is one condition', () => {
    const only = { label: 'a', op: '=', value: '1' } as const;
    const without = { ...only, op: '!=' } as const;
    expect(withCondition([only], without)).toEqual([without]);
    expect(withoutCondition([without], only)).toEqual([]);
  });
  test('they go into the query', () => {
    const conditions = [
      { label: 'version', op: '=', value: 'v"2' },
      { label: 'a.b', op: '!=', value: '' },
    ] as const;
    expect(bucketRates('x', 'version', 60_000, conditions)).toBe(
      'sum by (le, version) (rate(x_bucket{version="v\\"2","a.b"!=""}[1m]))',
    );
    expect(bucketRates('x.y', '', 60_000, conditions)).toBe(
      'sum by (le) (rate({"x.y_bucket",version="v\\"2","a.b"!=""}[1m]))',
    );
  });
});

describe('the box in the address', () => {
  const grid = { start: 60_000, end: 240_000, step: 60_000 };
  const shown = { start: 12_345, end: 245_678 };
  const drawn = { from: 70_000, to: 100_000, lower: 0.5, upper: Infinity };
  const params = (changes: Readonly<Record<string, string | undefined>>, before = '') => {
    const all = new URLSearchParams(before);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) all.delete(name);
      else all.set(name, value);
    }
    return all;
  };
  test('is widened to slices and comes back', () => {
    const address = params(boxParams(drawn, grid, shown, new URLSearchParams()));
    expect(boxOf(address)).toEqual({ from: 60_000, to: 120_000, lower: 0.5, upper: Infinity });
  });
  test('holds a range that moves, and lets it go', () => {
    const before = 'range=1h';
    const address = params(boxParams(drawn, grid, shown, new URLSearchParams(before)), before);
    expect([address.get('start'), address.get('end')]).toEqual(['12345', '245678']);
    expect(params(noBoxParams(address), address.toString()).toString()).toBe(before);
  });
  test('leaves a range that was chosen while it was there', () => {
    const address = params(boxParams(drawn, grid, shown, new URLSearchParams('range=1h')), 'range=1h');
    const closed = noBoxParams(params({ start: '20000', end: '90000' }, address.toString()));
    expect(params(closed, 'start=20000&end=90000').toString()).toBe('start=20000&end=90000');
  });
  test('leaves a range that stands as it is', () => {
    const before = 'start=0&end=300000';
    const address = params(boxParams(drawn, grid, shown, new URLSearchParams(before)), before);
    expect(params(noBoxParams(address), address.toString()).toString()).toBe(before);
  });
  test.each(['', '1,2,3', '1,2,,4', '2,1,0,1', '1,2,x,4', '1,2,5,4'])('%s is none', (box) =>
    expect(boxOf(new URLSearchParams({ box }))).toBeUndefined(),
  );
  test('an unknown comparison is with the rest', () => {
    expect(versusOf(new URLSearchParams('versus=1d'))).toBe('1d');
    expect(versusOf(new URLSearchParams('versus=constructor'))).toBe('rest');
  });
});

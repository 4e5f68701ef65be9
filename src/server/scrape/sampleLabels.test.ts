import fc from 'fast-check';
import { labelsFrom, type Label, type Labels } from '../../shared/model/labels.ts';
import { withTargetLabels } from './sampleLabels.ts';

/** Label by label, as the documentation has it. */
function plainly(page: Labels, target: Labels, honorLabels: boolean): Labels {
  const labels = new Map<string, string>(honorLabels ? target : page);
  for (const [name, value] of honorLabels ? page : target) labels.set(name, value);
  if (honorLabels) return labelsFrom(labels);
  for (const [name] of target) {
    const own = page.find(([n]) => n === name)?.[1] ?? '';
    let free = `exported_${name}`;
    while (labels.has(free)) free = `exported_${free}`;
    if (own !== '') labels.set(free, own);
  }
  return labelsFrom(labels);
}

test('a target’s labels come to those of the page, whoever has which', () => {
  const name = fc.constantFrom('__name__', 'a', 'instance', 'job', 'exported_job', 'exported_exported_job', 'z');
  const labels = (values: fc.Arbitrary<string>) =>
    fc
      .uniqueArray(fc.tuple(name, values), { selector: ([n]) => n })
      .map((pairs): Label[] => pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
  const page = labels(fc.constantFrom('', 'p', 'q'));
  const target = labels(fc.constantFrom('t', 'u'));
  fc.assert(
    fc.property(page, target, fc.boolean(), (ofPage, ofTarget, honorLabels) => {
      expect(withTargetLabels(ofPage, ofTarget, honorLabels)).toEqual(plainly(ofPage, ofTarget, honorLabels));
    }),
    { numRuns: 1000 },
  );
});

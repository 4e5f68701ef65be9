import fc from 'fast-check';
import { labelReplacer } from './labelCalls.ts';

test('a pattern that is a text, or some, replaces as RE2 does', () => {
  const word = fc.stringMatching(/^[ab]{0,3}$/);
  const patterns = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('|'));
  const template = fc.array(fc.constantFrom('x', '$0', '$00', '${1}', '$name', '$$'), { maxLength: 4 });
  fc.assert(
    fc.property(patterns, template, word, (pattern, parts, value) => {
      const labels = [['from', value] as const, ['to', 'old'] as const].filter(([, text]) => text !== '');
      const changed = (written: string) => labelReplacer('to', parts.join(' '), 'from', written)(labels);
      // In a group, which only RE2 knows.
      expect(changed(pattern)).toEqual(changed(`(?:${pattern})`));
    }),
    { numRuns: 500 },
  );
});

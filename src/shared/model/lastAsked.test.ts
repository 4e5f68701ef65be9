import fc from 'fast-check';
import { LastAsked } from './lastAsked.ts';

const MAX = 3;
const CHARS_MAX = 2;

test('what is made is of its text, and made anew where it is none of the last few or is long', () => {
  const text = fc.constantFrom('', 'a', 'b', 'c', 'd', 'ab', 'abc', 'abcd');
  fc.assert(
    fc.property(fc.array(text, { maxLength: 40 }), (asked) => {
      const made: string[] = [];
      const kept = new LastAsked((of: string) => ({ of: made[made.push(of) - 1] }), MAX, CHARS_MAX);
      const wanted: string[] = [];
      let last: string[] = [];
      for (const one of asked) {
        expect(kept.of(one)).toEqual({ of: one });
        if (!last.includes(one)) wanted.push(one);
        if (one.length <= CHARS_MAX) last = [...last.filter((other) => other !== one), one].slice(-MAX);
        expect(made).toEqual(wanted);
      }
    }),
  );
});

test('a text that nothing can be made of is refused each time', () => {
  const kept = new LastAsked<string>(
    (text) => {
      throw new Error(text);
    },
    MAX,
    CHARS_MAX,
  );
  for (let i = 0; i < 2; i++) expect(() => kept.of('a')).toThrow('a');
});

import { tr } from '../shared/texts/texts.ts';
/**
 * Stands for `re2js` in the data source's module (not in its editor): there expressions are parsed to find their selectors, and label patterns are passed
 * on as they are. The server judges them; 150 kB of a pattern compiler on every dashboard would do nothing.
 */
export const RE2JS = {
  DOTALL: 0,
  compile(_pattern: string, _flags: number) {
    return {
      matches(): never {
        throw new Error(tr('patterns are not matched here'));
      },
    };
  },
};

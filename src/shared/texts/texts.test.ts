import { tr, useCatalogue } from './texts.ts';

afterEach(() => useCatalogue(undefined));

test('English stands as it is written, with its values', () => {
  expect(tr('Format')).toBe('Format');
  expect(tr('{0} of {1}', 3, 'ten')).toBe('3 of ten');
  expect(tr('{{model}} {0}')).toBe('{{model}} {0}');
});

test('another language puts the values where it wants them, and what it lacks is English', () => {
  useCatalogue({ '{0} of {1}': '{1}: {0}', Format: '' });
  expect(tr('{0} of {1}', 3, 'ten')).toBe('ten: 3');
  expect(tr('Format')).toBe('Format');
  expect(tr('Type')).toBe('Type');
});

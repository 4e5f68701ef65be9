import { editDistance, nearest } from './nearest.ts';

test.each([
  ['', 'abc', 3],
  ['abc', 'abc', 0],
  ['abc', 'acb', 1],
  ['job_name', 'jobname', 1],
])('from %j to %j are %d edits', (a, b, edits) => expect(editDistance(a, b)).toBe(edits));

test('a word far from all has no nearest', () => expect(nearest('banana', ['job_name', 'scheme'])).toBeUndefined());
test('dashes are read as underscores', () => expect(nearest('job-name', ['job_name'])).toBe('job_name'));

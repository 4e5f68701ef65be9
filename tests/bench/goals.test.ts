/** What `npm run bench -- --goals` says of a goal. */
import { GOAL_SETTINGS, goalTable } from '../../bench/harness/goals.ts';
import type { Line } from '../../bench/harness/report.ts';

const day = (seconds: number): Line => ({ what: 'a day of 2000 series', unit: 's', ours: seconds, skipped: '' });
const told = (seconds: number, env: NodeJS.ProcessEnv) =>
  goalTable([['ingest', day(seconds)]], new Map([['ingest', 60]]), env)
    .split('\n')
    .find((row) => row.includes('a day of'));

test.each([
  ['a goal that is met is reached', 9, {}, /reached$/],
  ['one that is not is missed', 11, {}, /MISSED$/],
  [
    'of a run with other settings nothing is said',
    9,
    { ISOTHERM_BENCH_REQUESTS: '300' },
    /not judged .*REQUESTS=300\)$/,
  ],
  ['the goals’ own settings are no others', 9, GOAL_SETTINGS, /reached$/],
  ['nor is the place of the data', 9, { ISOTHERM_BENCH_DATA: '/tmp/x' }, /reached$/],
])('%s', (_, seconds, env, expected) => expect(told(seconds, env)).toMatch(expected));

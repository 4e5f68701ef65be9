/**
 * The demo's data job: takes the day's field survey, checks it, and reports itself to the model service. One survey in six arrives in
 * centimetres instead of millimetres; the check refuses it and the run fails, as such jobs do.
 *
 * Usage: node examples/dataJob.ts http://127.0.0.1:8000
 */
import { FEATURES, normal, randomFrom, readPenguins } from './penguins.ts';

const JOB_NAME = 'ingest-survey';
const SHARE_OF_BAD_SURVEYS = 1 / 6;
const SURVEY_ROWS = 20_000;
/** What a penguin can measure: mm, mm, mm, g. */
const PLAUSIBLE: readonly (readonly [min: number, max: number])[] = [
  [25, 70],
  [10, 25],
  [150, 250],
  [2000, 7500],
];

/** A survey: known penguins, measured again. */
function drawSurvey(random: () => number): number[][] {
  const { rows } = readPenguins();
  const unit = random() < SHARE_OF_BAD_SURVEYS ? 0.1 : 1;
  return Array.from({ length: SURVEY_ROWS }, () =>
    rows[Math.floor(random() * rows.length)].map(
      (x, feature) => x * (1 + 0.01 * normal(random)) * (feature < 3 ? unit : 1),
    ),
  );
}

/** Mean and standard deviation of each feature. @throws Error naming the first row that cannot be a penguin. */
function digest(survey: readonly (readonly number[])[]): { mean: number; deviation: number }[] {
  survey.forEach((row, index) =>
    row.forEach((x, feature) => {
      const [min, max] = PLAUSIBLE[feature];
      if (x < min || x > max) {
        throw new Error(
          `row ${index}: ${FEATURES[feature]} is ${x.toFixed(2)}, outside ${min} to ${max}; is the unit right?`,
        );
      }
    }),
  );
  return FEATURES.map((_, feature) => {
    const mean = survey.reduce((sum, row) => sum + row[feature], 0) / survey.length;
    const variance = survey.reduce((sum, row) => sum + (row[feature] - mean) ** 2, 0) / survey.length;
    return { mean, deviation: Math.sqrt(variance) };
  });
}

async function run(serviceUrl: string): Promise<void> {
  const start = performance.now();
  let outcome: 'success' | 'failure' = 'success';
  let rows = 0;
  try {
    const survey = drawSurvey(randomFrom(Date.now()));
    digest(survey);
    rows = survey.length;
  } catch (error) {
    outcome = 'failure';
    process.exitCode = 1;
    if (process.env.DEMO_VERBOSE === '1') console.error(`${JOB_NAME}: ${(error as Error).message}`);
  }
  await fetch(`${serviceUrl}/jobs/${JOB_NAME}`, {
    method: 'POST',
    body: JSON.stringify({ outcome, durationSeconds: (performance.now() - start) / 1000, rows }),
  });
}

await run(process.argv[2] ?? 'http://127.0.0.1:8000');

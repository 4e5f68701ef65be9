/** Two versions of one model: a random forest that tells a penguin's species from its measurements. */
import { RandomForestClassifier } from 'ml-random-forest';
import { normal, randomFrom, type Penguins } from './penguins.ts';

export interface ModelVersion {
  readonly version: string;
  readonly trees: number;
  /**
   * A prediction is the vote over this many slightly perturbed copies of the measurements (test-time augmentation): calipers are
   * not exact, so the share of votes is a better probability than one answer.
   */
  readonly copies: number;
}

/** The small one answers fast, the large one more surely: their latencies differ for real. */
export const VERSIONS: readonly ModelVersion[] = [
  { version: 'v1', trees: 24, copies: 12 },
  { version: 'v2', trees: 120, copies: 48 },
];

/** Relative error of a caliper or a scale in the field. */
const MEASUREMENT_NOISE = 0.01;

export interface Model {
  readonly version: string;
  /** Share of votes for each species, one array a row. */
  predict(rows: readonly (readonly number[])[]): number[][];
}

export function trainModel(spec: ModelVersion, data: Penguins): Model {
  const forest = new RandomForestClassifier({
    nEstimators: spec.trees,
    maxFeatures: 0.75,
    replacement: true,
    useSampleBagging: true,
    noOOB: true,
    seed: 7,
  });
  forest.train(data.rows as number[][], data.labels as number[]);
  const random = randomFrom(spec.trees);
  return {
    version: spec.version,
    predict(rows) {
      return rows.map((row) => {
        const copies = Array.from({ length: spec.copies }, () =>
          row.map((x) => x * (1 + MEASUREMENT_NOISE * normal(random))),
        );
        const votes = new Array<number>(data.species.length).fill(0);
        for (const vote of forest.predict(copies)) votes[vote] += 1 / spec.copies;
        return votes;
      });
    },
  };
}

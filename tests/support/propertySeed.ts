/**
 * Properties draw the same examples in every run, so that a run can be repeated and a red one belongs to the change at hand. To look further:
 * `ISOTHERM_PROPERTY_SEED=random npm test`, or a number that a failure has told.
 */
import fc from 'fast-check';

const SEED = 20_261_123;
const wanted = process.env.ISOTHERM_PROPERTY_SEED;
if (wanted !== 'random')
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: wanted === undefined ? SEED : Number(wanted) });

/** `isotherm slo rules | dashboard FILE…`: objectives → a rule file, or a Grafana dashboard, on standard output. */
import { ConfigError } from '../../config/configError.ts';
import { sloDashboard } from '../../rules/slo/sloDashboard.ts';
import { loadSloFile } from '../../rules/slo/sloFile.ts';
import { sloRulesText } from '../../rules/slo/sloRules.ts';
import type { SloProduct } from './product.ts';

const DASHBOARD = { title: 'Service level objectives', uid: 'isotherm-slo' };

/** Gives the exit code: 0, or 1 where a file is wrong; then nothing is printed but what is wrong. */
export function runSlo(made: SloProduct, files: readonly string[]): number {
  try {
    const slos = files.flatMap(loadSloFile);
    const text = made === 'rules' ? sloRulesText(slos) : `${JSON.stringify(sloDashboard(slos, DASHBOARD), null, 2)}\n`;
    process.stdout.write(text);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

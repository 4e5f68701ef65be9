/** `isotherm check rules FILE…`: grammar, expressions, names, templates; and rules that say the same twice. */
import { formatLabels, METRIC_NAME } from '../../../shared/model/labels.ts';
import { ConfigError } from '../../config/configError.ts';
import { loadRuleFiles, type RuleGroupSpec } from '../../rules/ruleFile.ts';

export function checkRuleFiles(files: readonly string[]): number {
  let worst = 0;
  for (const file of files) {
    try {
      const groups = loadRuleFiles([file], {});
      const count = groups.reduce((sum, { rules }) => sum + rules.length, 0);
      for (const rule of rulesTwice(groups)) process.stderr.write(`${file}: note: ${rule} is recorded twice\n`);
      process.stdout.write(`${file}: right; ${groups.length} groups, ${count} rules\n`);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      process.stderr.write(`${error.message}\n`);
      worst = 1;
    }
  }
  return worst;
}

/** Rules of one file that give the same series. */
function rulesTwice(groups: readonly RuleGroupSpec[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { name, labels } of groups.flatMap(({ rules }) => rules)) {
    const key = formatLabels([[METRIC_NAME, name], ...labels]);
    if (seen.has(key)) twice.add(key);
    seen.add(key);
  }
  return [...twice];
}

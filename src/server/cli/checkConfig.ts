/** `isotherm check config FILE…`. */
import { ConfigError } from '../config/configError.ts';
import { loadConfig } from '../config/load.ts';
import { loadRuleFiles } from '../rules/ruleFile.ts';

/** Prints what it finds; the exit code is 0 if all files are right, else 1. */
export function checkConfig(files: readonly string[]): number {
  let faulty = 0;
  for (const file of files) {
    try {
      const config = loadConfig(file);
      const groups = loadRuleFiles(config.ruleFiles, { promql: { experimental: true } });
      const rules = groups.reduce((sum, group) => sum + group.rules.length, 0);
      process.stdout.write(
        `${file}: right; ${config.scrapeConfigs.length} scrape jobs, ${rules} rules in ${groups.length} groups\n`,
      );
      for (const notice of config.notices) process.stdout.write(`${file}: note: ${notice}\n`);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      process.stderr.write(`${error.message}\n`);
      faulty++;
    }
  }
  return faulty === 0 ? 0 : 1;
}

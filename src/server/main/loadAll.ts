/** The configuration file and the rule files that it names, as one: either all of it is right, or nothing changes. */
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { loadRuleFiles, type RuleFileOptions, type RuleGroupSpec } from '../rules/ruleFile.ts';

export interface LoadedConfig extends Config {
  readonly ruleGroups: readonly RuleGroupSpec[];
}

/** @throws ConfigError with file, line and column of what is wrong. */
export function loadAll(path: string, options: RuleFileOptions): LoadedConfig {
  const config = loadConfig(path);
  return { ...config, ruleGroups: loadRuleFiles(config.ruleFiles, options) };
}

/** The configuration file and the files of rules and objectives beside it, as one: either all of it is right, or nothing changes. */
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { loadReceiversFile, type Receiver } from '../notifier/receivers/receiversFile.ts';
import { loadRuleFiles, parseRuleFile, type RuleFileOptions, type RuleGroupSpec } from '../rules/ruleFile.ts';
import { loadSloFile } from '../rules/slo/sloFile.ts';
import { sloRulesText } from '../rules/slo/sloRules.ts';

export interface LoadedConfig extends Config {
  readonly ruleGroups: readonly RuleGroupSpec[];
  readonly receivers: readonly Receiver[];
  /** Files of ours that flags name, beside Prometheus' own. */
  readonly ownFiles: readonly string[];
}

export interface LoadOptions extends RuleFileOptions {
  /** '' for none. */
  readonly sloFile: string;
  readonly receiversFile: string;
  /** Names given to `--enable-feature`. */
  readonly features: readonly string[];
}

/** @throws ConfigError with file, line and column of what is wrong. */
export function loadAll(path: string, options: LoadOptions): LoadedConfig {
  const { sloFile, receiversFile, features } = options;
  const config = loadConfig(path, { features });
  const ruleGroups = [
    ...loadRuleFiles(config.ruleFiles, options),
    ...(sloFile === '' ? [] : parseRuleFile(sloRulesText(loadSloFile(sloFile)), sloFile, options)),
  ];
  const receivers = receiversFile === '' ? [] : loadReceiversFile(receiversFile);
  const ownFiles = [sloFile, receiversFile].filter((file) => file !== '');
  return { ...config, ruleGroups, receivers, ownFiles };
}

/** `isotherm check config | rules | metrics`: says of what it is given whether it is right, and what is wrong with it. */
import { checkConfigFiles } from './configFiles.ts';
import { checkMetrics } from './metrics.ts';
import { checkRuleFiles } from './ruleFiles.ts';
import type { CheckSubject } from './subject.ts';

/** Gives the exit code: 0 for right, 1 for wrong, 3 for metrics that can be read and are not as they should be. */
export async function runCheck(subject: CheckSubject, files: readonly string[]): Promise<number> {
  if (subject === 'metrics') return checkMetrics(process.stdin);
  return subject === 'config' ? checkConfigFiles(files) : checkRuleFiles(files);
}

/** `isotherm check config FILE…`: the file, the rule files and target files it names, and whether certificates and secrets are there. */
import { accessSync, constants, existsSync, globSync, readFileSync } from 'node:fs';
import type { Config, Secret } from '../../config/config.ts';
import { ConfigError } from '../../config/configError.ts';
import { loadConfig } from '../../config/load.ts';
import { parseTargetFile } from '../../discovery/fileDiscovery.ts';
import { loadRuleFiles } from '../../rules/ruleFile.ts';

/** Prints what it finds; the exit code is 0 if all files are right, else 1. */
export function checkConfigFiles(files: readonly string[]): number {
  let faulty = 0;
  for (const file of files) {
    const faults = checkOne(file);
    if (faults.length > 0) faulty++;
    for (const fault of faults) process.stderr.write(`${fault}\n`);
  }
  return faulty === 0 ? 0 : 1;
}

function checkOne(file: string): string[] {
  try {
    const config = loadConfig(file);
    const faults = [...ruleFaults(config), ...secretFaults(config), ...targetFaults(config)];
    if (faults.length > 0) return faults.map((fault) => `${file}: ${fault}`);
    const rules = loadRuleFiles(config.ruleFiles, {});
    process.stdout.write(`${file}: right; ${config.scrapeConfigs.length} scrape jobs, ${rules.length} rule groups\n`);
    for (const notice of config.notices) process.stdout.write(`${file}: note: ${notice}\n`);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [error.message];
    throw error;
  }
}

function ruleFaults({ ruleFiles }: Config): string[] {
  return ruleFiles
    .filter((pattern) => !pattern.includes('*') && !existsSync(pattern))
    .map((path) => `rule_files: ${path}: no such file`);
}

function secretFaults(config: Config): string[] {
  return [...new Set(filesIn(config.scrapeConfigs).concat(filesIn(config.alerting)))]
    .filter((path) => !isReadable(path))
    .map(
      (path) => `${path}: no such file, or it cannot be read; it is named for a certificate, key, header or password`,
    );
}

/** Paths of all secrets in files, wherever they stand. */
function filesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const secret = value as Partial<Secret & { path: string }>;
  if (secret.kind === 'file' && typeof secret.path === 'string') return [secret.path];
  return Object.values(value).flatMap(filesIn);
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Files of `file_sd_configs` that are there have to be right; those that are not may come. */
function targetFaults({ scrapeConfigs }: Config): string[] {
  const patterns = new Set(scrapeConfigs.flatMap(({ fileSdConfigs }) => fileSdConfigs.flatMap(({ files }) => files)));
  return [...patterns]
    .flatMap((pattern) => globSync(pattern))
    .flatMap((file) => {
      try {
        parseTargetFile(readFileSync(file, 'utf8'), file);
        return [];
      } catch (error) {
        return [`${file}: ${(error as Error).message}`];
      }
    });
}

/** Packages of other Grafanas than this repository's own, installed when a test asks for them and kept in `.cache`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const INSTALL_MS_MAX = 400_000;
/** Nothing newer is taken, so that a run means the same tomorrow. */
const BEFORE = '2026-11-20';

export interface PackageSet {
  readonly name: string;
  readonly packages: Readonly<Record<string, string>>;
}

const grafana = (version: string, react: string): PackageSet['packages'] => ({
  '@grafana/data': version,
  '@grafana/ui': version,
  '@grafana/runtime': version,
  react,
  'react-dom': react,
  rxjs: '7.8.2',
  '@emotion/css': '11.13.5',
});

export const OLDEST: PackageSet = { name: 'grafana-10.1.9', packages: grafana('10.1.9', '18.2.0') };
export const NEWEST: PackageSet = { name: 'grafana-13.2.3', packages: grafana('13.2.3', '19.3.1') };
export const LEVITATE: PackageSet = { name: 'levitate-0.17.2', packages: { '@grafana/levitate': '0.17.2' } };

/** The folder whose `node_modules` has them, or why it cannot be had. Waits: what a file of tests does is known before it runs. */
export function installed({ name, packages }: PackageSet): { readonly folder: string } | { readonly why: string } {
  const folder = path.join(ROOT, '.cache/packages', name);
  if (existsSync(folder)) return { folder };
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  writeFileSync(path.join(draft, 'package.json'), JSON.stringify({ private: true, dependencies: packages }));
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--before', BEFORE];
  const run = spawnSync('npm', [...args, '--fetch-retries=1'], {
    cwd: draft,
    encoding: 'utf8',
    timeout: INSTALL_MS_MAX,
  });
  if (run.status === 0) {
    renameSync(draft, folder);
    return { folder };
  }
  rmSync(draft, { recursive: true, force: true });
  const error = /npm error (?!code)(.*)/.exec(run.stderr ?? '')?.[1] ?? run.error?.message ?? 'npm fails';
  return { why: `${name} cannot be installed: ${error}` };
}

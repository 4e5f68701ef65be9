/**
 * Runs benchmarks, each in a process of its own, and prints one table.
 *
 *   npm run bench                      all of them
 *   npm run bench -- page store        the named ones
 *   npm run bench -- --goals           those that the store's goals are about, and what they say of each goal
 *   npm run bench -- --goals ingest    the goals of the named ones alone
 *   npm run bench -- --store           and keep the figures under bench/results/
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { GOAL_BENCHES, GOAL_SETTINGS, goalTable } from './harness/goals.ts';
import { surroundings } from './harness/machine.ts';
import { ratioOf, type Line } from './harness/report.ts';
import { numberText, table } from './harness/table.ts';

const HERE = import.meta.dirname;
const SUFFIX = '.bench.ts';

interface Outcome {
  readonly name: string;
  readonly lines: readonly Line[];
  readonly failed: boolean;
}

function benchNames(asked: readonly string[]): readonly string[] {
  const all = fs.readdirSync(HERE).filter((file) => file.endsWith(SUFFIX));
  const names = all.map((file) => file.slice(0, -SUFFIX.length)).sort();
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(', ')}; there are ${names.join(', ')}`);
  return asked.length > 0 ? asked : names;
}

function run(name: string, settings: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(HERE, name + SUFFIX)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...settings, ...process.env },
    });
    let lines: readonly Line[] = [];
    child.on('message', (message) => (lines = message as readonly Line[]));
    child.once('close', (code) => resolve({ name, lines, failed: code !== 0 }));
  });
}

/** @returns the file's path from the current folder. */
function store(outcomes: readonly Outcome[]): string {
  const date = new Date().toISOString();
  const results = outcomes.flatMap(({ name, lines }) =>
    lines.map((line) =>
      'skipped' in line ? { bench: name, ...line } : { bench: name, ...line, ratio: ratioOf(line) },
    ),
  );
  const folder = path.join(HERE, 'results');
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${date.slice(0, 16).replace(':', '')}.json`);
  const rounded = (_key: string, v: unknown) => (typeof v === 'number' ? Number(v.toPrecision(4)) : v);
  fs.writeFileSync(file, `${JSON.stringify({ date, ...surroundings(), results }, rounded, 2)}\n`);
  return path.relative('.', file);
}

async function main(): Promise<void> {
  const options = { store: { type: 'boolean' }, goals: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const settings = values.goals === true ? GOAL_SETTINGS : {};
  const asked = values.goals === true && positionals.length === 0 ? GOAL_BENCHES : positionals;
  const took = new Map<string, number>();
  const outcomes: Outcome[] = [];
  for (const name of benchNames(asked)) {
    const started = performance.now();
    const outcome = await run(name, settings);
    outcomes.push(outcome);
    const seconds = (performance.now() - started) / 1000;
    took.set(name, seconds);
    console.error(`${name} ${outcome.failed ? 'failed after' : 'took'} ${numberText(seconds)} s`);
  }
  const lines = outcomes.flatMap((outcome) => outcome.lines.map((line) => [outcome.name, line] as const));
  console.log(table(lines));
  if (values.goals === true) console.log(`\n${goalTable(lines, took, process.env)}`);
  const failed = outcomes.filter((outcome) => outcome.failed).map(({ name }) => name);
  if (failed.length > 0) throw new Error(`failed: ${failed.join(', ')}; nothing is stored`);
  if (values.store === true) console.log(`stored in ${store(outcomes)}`);
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});

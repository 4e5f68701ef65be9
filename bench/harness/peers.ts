/** Other programs that do the same work: found on PATH, or named by an environment variable. */
import { spawnSync } from 'node:child_process';

export interface Peer {
  readonly command: string;
  /** `prometheus 2.42.0`. */
  readonly name: string;
}

const PROGRAMS = {
  prometheus: 'ISOTHERM_PROMETHEUS',
  promtool: 'ISOTHERM_PROMTOOL',
  'victoria-metrics': 'ISOTHERM_VICTORIA_METRICS',
} as const;
export type PeerProgram = keyof typeof PROGRAMS;

/** A peer, or why there is none. */
export function findPeer(program: PeerProgram): Peer | string {
  const variable = PROGRAMS[program];
  const named = process.env[variable];
  const command = named ?? program;
  const told = spawnSync(command, ['--version'], { encoding: 'utf8' });
  if (told.error !== undefined) {
    return named === undefined ? `no ${program} on PATH, nor in ${variable}` : `${variable}=${named} cannot be run`;
  }
  if (told.status !== 0) return `${command} --version fails`;
  // A build without a version names its Go compiler's alone.
  const version = /(?<![\w.])v?(\d+\.\d+(?:\.\d+)?)/.exec(told.stdout + told.stderr)?.[1];
  return { command, name: version === undefined ? program : `${program} ${version}` };
}

/** The class of machine and the versions that figures were taken with; nothing that names the machine itself. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { findPeer } from './peers.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Surroundings {
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memoryGb: number;
    readonly system: string;
    /** Processes that wanted to run, mean of a minute: above `cores`, the machine was shared. */
    readonly load: number;
  };
  readonly versions: {
    readonly isotherm: string;
    readonly revision: string;
    readonly node: string;
    readonly peers: readonly string[];
  };
}

export function surroundings(): Surroundings {
  const cores = os.cpus();
  const { version } = JSON.parse(fs.readFileSync(`${ROOT}/package.json`, 'utf8')) as { version: string };
  const told = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' });
  return {
    machine: {
      processor: cores[0]?.model.trim() ?? 'unknown',
      cores: cores.length,
      memoryGb: Math.round(os.totalmem() / 2 ** 30),
      system: `${os.type()} ${os.arch()}`,
      load: Math.round(10 * os.loadavg()[0]) / 10,
    },
    versions: {
      isotherm: version,
      revision: told.status === 0 ? told.stdout.trim() : 'unknown',
      node: process.versions.node,
      peers: [findPeer('prometheus'), findPeer('victoria-metrics')].flatMap((peer) =>
        typeof peer === 'string' ? [] : peer.name,
      ),
    },
  };
}

/** What the kernel tells of the process beyond what prom-client asks for, on Linux alone. Source: proc(5). */
import { readFileSync } from 'node:fs';
import type { SelfMetrics } from './selfMetrics.ts';

/** What stands for `unlimited`, as upstream's: the largest unsigned 64-bit number. */
const UNLIMITED = 2 ** 64;

export function registerProcessMetrics(metrics: SelfMetrics): void {
  if (octets('InOctets') !== undefined) {
    metrics.counter(
      'process_network_receive_bytes_total',
      'Number of bytes received by the process over the network.',
      () => octets('InOctets') ?? 0,
    );
    metrics.counter(
      'process_network_transmit_bytes_total',
      'Number of bytes sent by the process over the network.',
      () => octets('OutOctets') ?? 0,
    );
  }
  const bytesMax = addressSpaceMax();
  if (bytesMax === undefined) return;
  metrics.gauge(
    'process_virtual_memory_max_bytes',
    'Maximum amount of virtual memory available in bytes.',
    () => bytesMax,
  );
}

/** Of the process's network namespace; undefined where the kernel tells none. */
function octets(name: 'InOctets' | 'OutOctets'): number | undefined {
  const [names, values] = textOf('/proc/self/net/netstat')
    .split('\n')
    .filter((line) => line.startsWith('IpExt:'))
    .map((line) => line.split(' '));
  const index = names?.indexOf(name) ?? -1;
  return index < 0 ? undefined : Number(values?.[index]);
}

function addressSpaceMax(): number | undefined {
  const limit = /^Max address space +(\S+)/m.exec(textOf('/proc/self/limits'))?.[1];
  if (limit === undefined) return undefined;
  return limit === 'unlimited' ? UNLIMITED : Number(limit);
}

/** '' for a file that there is not. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

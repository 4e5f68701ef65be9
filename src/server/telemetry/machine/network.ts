/** Counters and state of the network interfaces. */
import { readdirSync, readFileSync } from 'node:fs';
import type { ExpositionPage } from '../expositionPage.ts';
import { isSystemError } from '../systemError.ts';
import type { MachineRoots } from './roots.ts';

/** The loopback interface counts what never leaves the machine; node_exporter leaves it out as well. */
const DEVICE_LEFT_OUT = 'lo';

/** Columns of /proc/net/dev, in order. */
const RECEIVE = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'frame', 'compressed', 'multicast'] as const;
const TRANSMIT = ['bytes', 'packets', 'errs', 'drop', 'fifo', 'colls', 'carrier', 'compressed'] as const;
const COLUMNS = [...RECEIVE.map((c) => `receive_${c}`), ...TRANSMIT.map((c) => `transmit_${c}`)];

export function collectNetwork(page: ExpositionPage, roots: MachineRoots): void {
  const devices = readFileSync(`${roots.proc}/net/dev`, 'utf8')
    .split('\n')
    .map((line) => /^\s*(\S+):\s*(.*)$/.exec(line))
    .filter((match) => match !== null && match[1] !== DEVICE_LEFT_OUT)
    .map((match) => ({ device: match![1], counts: match![2].trim().split(/\s+/) }));
  for (const [i, column] of COLUMNS.entries()) {
    page.family(`node_network_${column}_total`, 'counter', `Network device statistic ${column}.`);
    for (const { device, counts } of devices) page.sample(Number(counts[i]), { device });
  }
  collectLinks(page, `${roots.sys}/class/net`);
}

function collectLinks(page: ExpositionPage, folder: string): void {
  const devices = readdirSync(folder);
  const read = (device: string, name: string) => readOr(`${folder}/${device}/${name}`, '');
  page.family('node_network_up', 'gauge', "Value is 1 if operstate is 'up', 0 otherwise.");
  for (const device of devices) page.sample(read(device, 'operstate') === 'up' ? 1 : 0, { device });
  const numbers = [
    ['mtu_bytes', 'mtu', 1],
    ['speed_bytes', 'speed', 125_000], // The kernel says megabits a second.
    ['transmit_queue_length', 'tx_queue_len', 1],
  ] as const;
  for (const [name, file, unit] of numbers) {
    page.family(`node_network_${name}`, 'gauge', `Network device property: ${name}`);
    for (const device of devices) {
      const text = read(device, file);
      if (text !== '') page.sample(Number(text) * unit, { device });
    }
  }
}

/** The text of a file of /sys; `otherwise` where the driver has none to give (it answers with an error then). */
function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (isSystemError(error)) return otherwise;
    throw error;
  }
}

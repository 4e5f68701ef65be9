import React from 'react';
import { shortened, visible } from '../../shared/model/visible.ts';
import { queryInstant } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { Card } from '../parts/Card.tsx';
import { formatBytes, formatPercent } from '../text.ts';
import type { Grid } from '../timeRange.ts';

const MIB = 1_048_576;

interface Gpu {
  readonly name: string;
  readonly values: Partial<Record<Column, number>>;
}

type Column = 'use' | 'memoryUsed' | 'memoryTotal' | 'power' | 'heat';

/** What DCGM and Triton call the same things. The sentinel of DCGM for "not supported" is beyond 1e18. */
const QUESTIONS: Readonly<Record<Column, string>> = {
  use: 'DCGM_FI_DEV_GPU_UTIL / 100 or nv_gpu_utilization',
  memoryUsed: `DCGM_FI_DEV_FB_USED * ${MIB} or nv_gpu_memory_used_bytes`,
  memoryTotal: `(DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE) * ${MIB} or nv_gpu_memory_total_bytes`,
  power: 'DCGM_FI_DEV_POWER_USAGE or nv_gpu_power_usage',
  heat: 'DCGM_FI_DEV_GPU_TEMP < 1e18',
};

/** One row a GPU, where any are scraped. */
export function Gpus({ grid }: { grid: Grid }) {
  const gpus = useFetched(`${grid.end}`, (signal) => fetchGpus(grid.end, signal));
  if (gpus.data === undefined || gpus.data.length === 0) return null;
  return (
    <Card title={gpus.data.length === 1 ? '1 GPU' : `${gpus.data.length} GPUs`} busy={gpus.loading}>
      <div className="table-frame">
        <table className="table models">
          <thead>
            <tr>
              <th scope="col">GPU</th>
              <th scope="col" className="right">
                In use
              </th>
              <th scope="col" className="right">
                Memory
              </th>
              <th scope="col" className="right">
                Power
              </th>
              <th scope="col" className="right">
                Temperature
              </th>
            </tr>
          </thead>
          <tbody>
            {gpus.data.map(({ name, values: { use, memoryUsed, memoryTotal, power, heat } }) => (
              <tr key={name}>
                <th scope="row">{shortened(name)}</th>
                <td data-name="In use" className="right num">
                  {use === undefined ? '–' : formatPercent(use)}
                </td>
                <td data-name="Memory" className="right num">
                  {memoryUsed === undefined
                    ? '–'
                    : `${formatBytes(memoryUsed)}${memoryTotal === undefined ? '' : ` of ${formatBytes(memoryTotal)}`}`}
                </td>
                <td data-name="Power" className="right num">
                  {power === undefined ? '–' : `${Math.round(power)} W`}
                </td>
                <td data-name="Temperature" className="right num">
                  {heat === undefined ? '–' : `${Math.round(heat)} °C`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

async function fetchGpus(time: number, signal: AbortSignal): Promise<Gpu[]> {
  const gpus = new Map<string, { name: string; values: Partial<Record<Column, number>> }>();
  await Promise.all(
    (Object.entries(QUESTIONS) as [Column, string][]).map(async ([column, expr]) => {
      for (const { metric, value } of await queryInstant(expr, time, signal)) {
        const key = metric.UUID ?? metric.gpu_uuid ?? `${metric.instance} ${metric.gpu}`;
        const gpu = gpus.get(key) ?? { name: gpuName(metric), values: {} };
        gpus.set(key, gpu);
        gpu.values[column] = value;
      }
    }),
  );
  return [...gpus.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function gpuName(metric: Readonly<Record<string, string>>): string {
  const parts = [metric.Hostname ?? metric.instance, metric.gpu ?? metric.gpu_uuid, metric.modelName];
  return visible(parts.filter((part) => part !== undefined && part !== '').join(' · '));
}

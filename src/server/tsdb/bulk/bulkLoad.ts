/**
 * The way in for samples of long ago: they become blocks at once, without head and log. Whatever their order, what is held is bounded; when a
 * bound is reached, the buffered series are packed, and the packed chunks become a block.
 */
import type { Labels } from '../../../shared/model/labels.ts';
import type { Block } from '../block/block.ts';
import type { Chunk } from '../chunkenc/chunk.ts';
import type { BulkLoad } from './loadDoor.ts';
import { packGroup, rowGroups } from './rowGroups.ts';
import { SeriesBuffer, sortedSamples } from './seriesBuffer.ts';

/** Samples held before they are packed: 24 bytes each at most, so about 100 MiB. */
export const SAMPLES_BUFFERED_MAX = 4_000_000;
/** A native histogram takes the room of many floats. */
const HISTOGRAM_WEIGHT = 40;
/** Packed chunks of one block. */
export const LOAD_BLOCK_BYTES_MAX = 64 * 1024 * 1024;

/** Rows of a group, packed. */
export interface LoadedGroup {
  readonly key: string;
  /** By column. */
  readonly labels: readonly Labels[];
  readonly chunks: readonly Chunk[];
}

export interface BulkTarget {
  /** Writes a block and makes it visible. */
  write(groups: readonly LoadedGroup[]): Promise<Block | undefined>;
}

export class BlockLoad implements BulkLoad {
  readonly #target: BulkTarget;
  readonly #keyStart: string;
  readonly #samplesMax: number;
  /** Buffers with samples, and how many of them were counted. */
  readonly #held = new Map<SeriesBuffer, number>();
  #weight = 0;
  #packed: LoadedGroup[] = [];
  #packedBytes = 0;
  samples = 0;
  blocks = 0;

  /** @param keyStart what the keys of its groups begin with; scraped ones have other keys. */
  constructor(target: BulkTarget, keyStart: string, samplesMax = SAMPLES_BUFFERED_MAX) {
    this.#target = target;
    this.#keyStart = keyStart;
    this.#samplesMax = samplesMax;
  }

  series(labels: Labels): SeriesBuffer {
    return new SeriesBuffer(labels);
  }

  async admit(buffer: SeriesBuffer): Promise<void> {
    if (buffer.count === 0) return;
    const counted = this.#held.get(buffer) ?? 0;
    this.#held.set(buffer, buffer.count);
    this.#weight += (buffer.count - counted) * (buffer.histograms === undefined ? 1 : HISTOGRAM_WEIGHT);
    if (this.#weight >= this.#samplesMax) await this.pack();
  }

  async pack(): Promise<void> {
    const homes = new Map<string, Map<string, SeriesBuffer[]>>();
    for (const buffer of this.#held.keys()) {
      let home = homes.get(buffer.home);
      if (home === undefined) homes.set(buffer.home, (home = new Map()));
      const same = home.get(buffer.key);
      if (same === undefined) home.set(buffer.key, [buffer]);
      else same.push(buffer);
    }
    for (const [name, home] of homes) {
      this.#packHome(name, [...home.values()]);
      if (this.#packedBytes >= LOAD_BLOCK_BYTES_MAX) await this.#write();
      else await new Promise((resolve) => setImmediate(resolve));
    }
    for (const buffer of this.#held.keys()) buffer.clear();
    this.#held.clear();
    this.#weight = 0;
  }

  async flush(): Promise<void> {
    await this.pack();
    if (this.#packed.length > 0) await this.#write();
  }

  #packHome(name: string, buffers: readonly (readonly SeriesBuffer[])[]): void {
    const all = buffers.map(sortedSamples);
    for (const { times } of all) this.samples += times.length;
    rowGroups(all).forEach((group, i) => {
      const chunks = packGroup(group);
      this.#packedBytes += chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
      const labels = group.series.map((series) => series.labels);
      this.#packed.push({ key: `${this.#keyStart}${name}\xff${i}`, labels, chunks });
    });
  }

  async #write(): Promise<void> {
    const groups = this.#packed;
    this.#packed = [];
    this.#packedBytes = 0;
    if ((await this.#target.write(groups)) !== undefined) this.blocks++;
  }
}

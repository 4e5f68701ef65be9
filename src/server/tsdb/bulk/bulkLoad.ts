/**
 * The way in for samples of long ago: they become blocks at once, without head and log. Whatever their order, what is held is bounded; when a
 * bound is reached, the buffered series are packed, and the packed chunks become a block.
 */
import type { Labels } from '../../../shared/model/labels.ts';
import type { Block } from '../block/block.ts';
import type { BlockGroupContent } from '../block/blockWriter.ts';
import { contentOf } from '../erase.ts';
import { packGroup, rowGroups } from './rowGroups.ts';
import { SeriesBuffer, sortedSamples } from './seriesBuffer.ts';

/** Samples held before they are packed: 24 bytes each at most, so about 100 MiB. */
export const SAMPLES_BUFFERED_MAX = 4_000_000;
/** A native histogram takes the room of many floats. */
const HISTOGRAM_WEIGHT = 40;
/** Packed chunks of one block. */
export const LOAD_BLOCK_BYTES_MAX = 64 * 1024 * 1024;

export interface BulkTarget {
  /** Writes a block and makes it visible. */
  write(groups: readonly BlockGroupContent[]): Promise<Block | undefined>;
}

export interface BulkLoad {
  /** The buffer of a series, to put samples into; call `admit` now and then. It stays usable after it was emptied. */
  series(labels: Labels): SeriesBuffer;
  /** Counts the samples put into a buffer since it was last told, and packs what is held when that is too much. */
  admit(buffer: SeriesBuffer): Promise<void>;
  /** Packs what is buffered; a good moment is when series that belong together are complete. */
  pack(): Promise<void>;
  /** Packs and writes all; what was put in before is in blocks then. */
  flush(): Promise<void>;
  readonly samples: number;
  readonly blocks: number;
}

export class BlockLoad implements BulkLoad {
  readonly #target: BulkTarget;
  readonly #keyStart: string;
  readonly #samplesMax: number;
  /** Buffers with samples, and how many of them were counted. */
  readonly #held = new Map<SeriesBuffer, number>();
  #weight = 0;
  #packed: BlockGroupContent[] = [];
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
      this.#packed.push({
        key: `${this.#keyStart}${name}\xff${i}`,
        kind: 'rows',
        sequence: 0,
        columns: group.series.map(({ labels }, column) => [column, labels] as const),
        chunks: chunks.map((chunk) => contentOf(chunk, () => chunk.bytes)),
      });
    });
  }

  async #write(): Promise<void> {
    const groups = this.#packed;
    this.#packed = [];
    this.#packedBytes = 0;
    if ((await this.#target.write(groups)) !== undefined) this.blocks++;
  }
}

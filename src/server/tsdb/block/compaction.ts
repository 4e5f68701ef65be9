/** Which blocks become one, and what is in it. */
import { labelsKey, type Labels } from '../../../shared/model/labels.ts';
import type { Block } from './block.ts';
import type { BlockFile, StoredGroup } from './blockFile.ts';
import { decodeSection, encodeSection } from './labelSection.ts';
import type { ChunkSource, GroupRecipe } from './recipe.ts';

const HOUR = 3_600_000;
/** Spans that blocks grow to, one after the other: six blocks of two hours, then six of these. */
export const LEVEL_SPANS_MS = [12 * HOUR, 72 * HOUR];
/** A run of blocks that spans this share of a level becomes one: the first and the last row are never a whole span apart. */
const FULL_SHARE = 11 / 12;
/** A block that spans this share of a level needs no merging there. */
const GROWN_SHARE = 5 / 6;
/** Fewer blocks are not worth it. */
const BLOCKS_MIN = 3;
/** Blocks that take more together stay as they are: merging them would read and write for long. */
export const MERGED_BYTES_MAX = 1024 * 1024 * 1024;
/** A merged block spans at most this share of the time that is kept: blocks go as wholes. */
const RETENTION_SHARE = 1 / 5;

export interface MergeLimits {
  readonly bytesMax: number;
  /** What is kept, milliseconds; 0 for all. */
  readonly retentionMs: number;
}

/** The oldest run of neighbouring blocks that fills a level; lower levels first. Blocks that are left out have no neighbours. */
export function pickToMerge(
  blocks: readonly Block[],
  limits: MergeLimits,
  isLeftOut: (block: Block) => boolean,
): readonly Block[] | undefined {
  const bytesMax = Math.min(limits.bytesMax, MERGED_BYTES_MAX);
  const spanMax = limits.retentionMs > 0 ? limits.retentionMs * RETENTION_SHARE : Infinity;
  for (const span of LEVEL_SPANS_MS) {
    const run = span <= spanMax ? runOf(blocks, span, bytesMax, isLeftOut) : undefined;
    if (run !== undefined) return run;
  }
  return undefined;
}

function runOf(
  blocks: readonly Block[],
  span: number,
  bytesMax: number,
  isLeftOut: (block: Block) => boolean,
): readonly Block[] | undefined {
  let run: Block[] = [];
  for (const block of blocks) {
    if (block.maxTime - block.minTime < span * GROWN_SHARE && !isLeftOut(block)) run.push(block);
    else run = [];
    while (run.length > 0 && run.reduce((sum, { size }) => sum + size, 0) > bytesMax) run = run.slice(1);
    if (run.length >= BLOCKS_MIN && rangeOf(run) >= span * FULL_SHARE) return run;
  }
  return undefined;
}

function rangeOf(blocks: readonly Block[]): number {
  const first = blocks.reduce((min, { minTime }) => Math.min(min, minTime), Infinity);
  return blocks.reduce((max, { maxTime }) => Math.max(max, maxTime), -Infinity) - first;
}

interface MergedGroup {
  readonly group: StoredGroup;
  /** Of the first one, as long as no other has more columns. */
  readonly section: Uint8Array;
  readonly hashes: Set<string>;
  /** Filled when sections differ. */
  labels: Map<number, Labels> | undefined;
  sequence: number;
  readonly sources: ChunkSource[];
}

/** The groups of several blocks, oldest first. Groups of one name are joined where a column is the same series in both. */
export function mergeGroups(blocks: readonly BlockFile[]): Omit<GroupRecipe, 'deleted'>[] {
  const merged: MergedGroup[] = [];
  const byName = new Map<string, MergedGroup>();
  for (const block of blocks) {
    for (const group of block.groups) {
      const name = `${group.kind} ${group.key}`;
      let home = byName.get(name);
      if (home === undefined || !joins(home, block, group)) {
        const section = block.sectionBytes(group).slice();
        home = { group, section, hashes: new Set([group.sectionHash]), labels: undefined, sequence: 0, sources: [] };
        byName.set(name, home);
        merged.push(home);
      }
      home.sequence = Math.max(home.sequence, group.sequence);
      for (const chunk of group.chunks) home.sources.push({ ...chunk, file: block.file });
    }
    block.forgetLabels();
  }
  return merged.map(({ group: { key, kind }, section, labels, sequence, sources }) => {
    return { key, kind, sequence, sources, section: labels === undefined ? section : sectionOf(labels) };
  });
}

/** Whether the group's columns fit to those of `home`, which gets them. */
function joins(home: MergedGroup, block: BlockFile, group: StoredGroup): boolean {
  if (home.hashes.has(group.sectionHash)) return true;
  const known = home.labels ?? labelsOf(home.section);
  const added = labelsOf(block.sectionBytes(group));
  const columnByKey = new Map([...known].map(([column, labels]) => [labelsKey(labels), column]));
  for (const [column, labels] of added) {
    const there = known.get(column);
    const elsewhere = columnByKey.get(labelsKey(labels)) ?? column;
    if (elsewhere !== column || (there !== undefined && labelsKey(there) !== labelsKey(labels))) return false;
  }
  for (const [column, labels] of added) known.set(column, labels);
  home.labels = known;
  home.hashes.add(group.sectionHash);
  return true;
}

function labelsOf(section: Uint8Array): Map<number, Labels> {
  const { columns, labels } = decodeSection(section);
  return new Map(labels.map((own, i) => [columns[i], own]));
}

function sectionOf(labels: ReadonlyMap<number, Labels>): Uint8Array {
  const sorted = [...labels].sort((a, b) => a[0] - b[0]);
  return encodeSection({ columns: Int32Array.from(sorted, ([c]) => c), labels: sorted.map(([, own]) => own) });
}

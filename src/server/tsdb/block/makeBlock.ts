/** A recipe into a block: chunks are joined into long ones, deleted samples are left out. Runs on the compaction thread, or in place. */
import { setTimeout as sleep } from 'node:timers/promises';
import { labelsKey, type Labels } from '../../../shared/model/labels.ts';
import { Chunk, CHUNK_VERSION } from '../chunkenc/chunk.ts';
import type { DeletedRanges } from '../tombstones.ts';
import { BlockFile } from './blockFile.ts';
import type { BlockFiles } from './blockFiles.ts';
import { writeBlock, type PackedChunk, type PackedGroup } from './blockWriter.ts';
import { mergeGroups } from './compaction.ts';
import { batchesOf, bucketJoins, joinChunks, touches } from './joinChunks.ts';
import { decodeSection, encodeSection, type LabelSection } from './labelSection.ts';
import type { BlockMaker, BlockRecipe, ChunkSource, FlushRecipe, GroupRecipe, MergeRecipe } from './recipe.ts';

/** A merge writes at most this much a second: queries and the log have the disk first. */
const MERGE_BYTES_PER_SECOND = 64 * 1024 * 1024;

export async function makeBlock(recipe: BlockRecipe, files: BlockFiles): Promise<string | undefined> {
  return recipe.kind === 'flush' ? makeFlush(recipe, files) : makeMerge(recipe, files);
}

/** Makes blocks on the caller's thread, which gets its turn between chunks. */
export function inlineMaker(files: BlockFiles): BlockMaker {
  return { make: (recipe) => makeBlock(recipe, files), close: async () => undefined };
}

function makeFlush({ folder, number, order, groups }: FlushRecipe, files: BlockFiles): Promise<string | undefined> {
  const read = ({ bytes }: ChunkSource) => bytes!;
  const packed = (function* () {
    for (const group of groups) yield packedGroup(group, read);
  })();
  return writeBlock({ folder, number, order, replaces: [] }, packed, files, nextTurn);
}

async function makeMerge(recipe: MergeRecipe, files: BlockFiles): Promise<string | undefined> {
  const { folder, number, order } = recipe;
  const blocks: BlockFile[] = [];
  try {
    for (const { file, number: own } of recipe.files) blocks.push(new BlockFile(file, own));
    const deleted = new Map(recipe.deleted.map(([labels, ranges]) => [labelsKey(labels), ranges]));
    const byFile = new Map(blocks.map((block) => [block.file, block]));
    const read = ({ file, place, ...entry }: ChunkSource) => byFile.get(file!)!.chunkBytes({ ...entry, place: place! });
    const packed = (function* () {
      for (const group of mergeGroups(blocks)) {
        yield packedGroup({ ...group, deleted: deletedColumns(group.section, deleted) }, read);
      }
    })();
    const started = performance.now();
    const replaces = recipe.files.map((block) => block.number);
    return await writeBlock({ folder, number, order, replaces }, packed, files, async (bytes) => {
      const ahead = (bytes / MERGE_BYTES_PER_SECOND) * 1000 - (performance.now() - started);
      await (ahead > 1 ? sleep(ahead) : nextTurn());
    });
  } finally {
    for (const block of blocks) block.close();
  }
}

function packedGroup(group: GroupRecipe, read: (source: ChunkSource) => Uint8Array): PackedGroup {
  const section = decodeSection(group.section);
  const deleted = new Map(group.deleted);
  const joinsBelow = bucketJoins(section.columns, section.labels);
  const left = new Set<number>();
  const chunks = (function* (): Iterable<PackedChunk> {
    for (const batch of batchesOf(group.sources, section.columns.length)) {
      const isTouched = batch.some((source) => [...deleted.values()].some((ranges) => touches(ranges, source)));
      const bytes = batch.map(read);
      // A long chunk stays as it is.
      if (batch.length === 1 && bytes[0][0] === CHUNK_VERSION && deleted.size === 0) {
        yield { ...batch[0], bytes: bytes[0] };
        continue;
      }
      const joined = joinChunks(
        bytes.map((b) => new Chunk(b)),
        isTouched ? deleted : new Map(),
        joinsBelow,
      );
      if (joined === undefined) continue;
      for (const column of joined.columns) left.add(column);
      yield joined;
    }
  })();
  const { key, kind, sequence } = group;
  return { key, kind, sequence, chunks, section: () => (deleted.size === 0 ? group.section : reduced(section, left)) };
}

/** The columns that are left. */
function reduced({ columns, labels }: LabelSection, left: ReadonlySet<number>): Uint8Array {
  const kept = [...columns.keys()].filter((i) => left.has(columns[i]));
  return encodeSection({ columns: Int32Array.from(kept, (i) => columns[i]), labels: kept.map((i) => labels[i]) });
}

function deletedColumns(
  bytes: Uint8Array,
  deleted: ReadonlyMap<string, DeletedRanges>,
): (readonly [number, DeletedRanges])[] {
  if (deleted.size === 0) return [];
  const { columns, labels } = decodeSection(bytes);
  return labels.flatMap((own: Labels, i) => {
    const ranges = deleted.get(labelsKey(own));
    return ranges === undefined ? [] : [[columns[i], ranges] as const];
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

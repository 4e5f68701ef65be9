/** What a block is made of, in a form that another thread can be sent: bytes in memory, places in files. */
import type { Labels } from '../../../shared/model/labels.ts';
import type { GroupKind } from '../head/group.ts';
import type { DeletedRanges } from '../tombstones.ts';

/** A chunk in memory, or in a block file with its checksum before it. */
export interface ChunkSource {
  readonly size: number;
  readonly rowCount: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly bytes?: Uint8Array;
  readonly file?: string;
  readonly place?: number;
}

export interface GroupRecipe {
  readonly key: string;
  readonly kind: GroupKind;
  /** The group's records up to this sequence are in this block or in earlier ones. */
  readonly sequence: number;
  /** Its columns with their labels, as `encodeSection` writes them. */
  readonly section: Uint8Array;
  /** At least one; where two have a sample of a series at the same time, the earlier one stands. */
  readonly sources: readonly ChunkSource[];
  /** Deleted samples by column. */
  readonly deleted: readonly (readonly [column: number, ranges: DeletedRanges])[];
}

interface BlockPlace {
  readonly folder: string;
  readonly number: number;
  /** Its place among the blocks: its own number, or that of the first one it replaces. */
  readonly order: number;
}

/** A block of what the head holds. */
export interface FlushRecipe extends BlockPlace {
  readonly kind: 'flush';
  readonly groups: readonly GroupRecipe[];
}

/** A block in the place of others, oldest first; or of one, to take deleted samples out of it. */
export interface MergeRecipe extends BlockPlace {
  readonly kind: 'merge';
  readonly files: readonly { readonly file: string; readonly number: number }[];
  readonly deleted: readonly (readonly [labels: Labels, ranges: DeletedRanges])[];
}

export type BlockRecipe = FlushRecipe | MergeRecipe;

/** Writes blocks: here, or on a thread of its own. */
export interface BlockMaker {
  /**
   * Gives the file; none if all of it is deleted.
   *
   * @throws StorageError 'disk_full', 'io', or 'corrupt' for a damaged source or when what was written does not read back; nothing is left behind.
   */
  make(recipe: BlockRecipe): Promise<string | undefined>;
  close(): Promise<void>;
}

/** The door for bulk loads: named parts of named sources, each loaded once. */
import type { Labels } from '../../../shared/model/labels.ts';
import type { Storage } from '../../storage/appender.ts';
import type { LoadedSource } from './loadLedger.ts';
import type { SeriesBuffer } from './seriesBuffer.ts';

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

export interface PartLoad extends BulkLoad {
  /** Writes all and notes that the part is loaded. */
  finish(): Promise<void>;
  /** Takes out of the store what was written. */
  discard(): Promise<void>;
}

export interface TsdbLoads extends Pick<Storage, 'appender'> {
  /**
   * A bulk load of one part of a source, such as a day; undefined if the part was loaded before. What a load that did not finish left in
   * blocks is removed first. One load of a source at a time.
   */
  bulkLoad(source: string, part: string): Promise<PartLoad | undefined>;
  /** What is known of a source. */
  loaded(source: string): LoadedSource;
  /** All parts are loaded. `mark` is kept with it. */
  loadComplete(source: string, mark: string): void;
}

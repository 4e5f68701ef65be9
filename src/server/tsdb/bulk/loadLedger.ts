/**
 * Which parts of which sources are loaded, so that a load that was stopped goes on and doubles nothing. The file `loads.json` in the data
 * folder, written aside and renamed.
 */
import fs from 'node:fs';
import path from 'node:path';

export const LOADS_FILE = 'loads.json';

export interface LoadedSource {
  /** Parts that are in blocks as wholes. */
  readonly done: readonly string[];
  /** The part that was being loaded, and the number of the first block it may have written. */
  readonly open?: { readonly part: string; readonly firstBlock: number };
  /** What the source noted when all of it was loaded: how to see whether it has changed. */
  readonly complete?: { readonly mark: string; readonly maxTime: number };
}

const NOTHING: LoadedSource = { done: [] };

export class LoadLedger {
  readonly #folder: string;
  readonly #sources: Record<string, LoadedSource>;

  constructor(folder: string) {
    this.#folder = folder;
    const file = path.join(folder, LOADS_FILE);
    this.#sources = fs.existsSync(file)
      ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, LoadedSource>)
      : {};
  }

  of(source: string): LoadedSource {
    return Object.hasOwn(this.#sources, source) ? this.#sources[source] : NOTHING;
  }

  begin(source: string, part: string, firstBlock: number): void {
    this.#set(source, { ...this.of(source), open: { part, firstBlock } });
  }

  end(source: string, part: string): void {
    const { done, complete } = this.of(source);
    this.#set(source, { done: [...done, part], complete });
  }

  /** The parts are forgotten: the next load of the source looks for what is newer. */
  complete(source: string, mark: string, maxTime: number): void {
    this.#set(source, { done: [], complete: { mark, maxTime } });
  }

  #set(source: string, loaded: LoadedSource): void {
    this.#sources[source] = loaded;
    const file = path.join(this.#folder, LOADS_FILE);
    const aside = fs.openSync(`${file}.tmp`, 'w');
    fs.writeSync(aside, JSON.stringify(this.#sources, undefined, 1));
    fs.fsyncSync(aside);
    fs.closeSync(aside);
    fs.renameSync(`${file}.tmp`, file);
  }
}

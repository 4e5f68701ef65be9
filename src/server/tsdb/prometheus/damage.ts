/** What of a Prometheus folder could not be read: told with file and place, and left out. */
export interface ForeignDamage {
  readonly file: string;
  /** Where in the file, in bytes. */
  readonly offset: number;
  readonly what: string;
}

export type OnDamage = (damage: ForeignDamage) => void;

/** A file cannot be read as what it should be. */
export class ForeignFileError extends Error implements ForeignDamage {
  readonly file: string;
  readonly offset: number;
  readonly what: string;

  constructor(file: string, offset: number, what: string) {
    super(`${file} at ${offset}: ${what}`);
    this.name = 'ForeignFileError';
    this.file = file;
    this.offset = offset;
    this.what = what;
  }
}

/** A fault in a configuration file, said with its place: `file:line:column: key: what to do`. */
export interface ConfigFault {
  /** Counted from 1; 0 where the fault is the file as a whole. */
  readonly line: number;
  readonly column: number;
  /** Dotted path of the key, such as `scrape_configs[0].scrape_interval`; '' for the whole file. */
  readonly key: string;
  readonly why: string;
}

/** How many faults one error lists; the rest is counted. */
const FAULTS_LISTED = 10;

export class ConfigError extends Error {
  readonly file: string;
  readonly faults: readonly ConfigFault[];

  constructor(file: string, faults: readonly ConfigFault[], options?: ErrorOptions) {
    const lines = faults.slice(0, FAULTS_LISTED).map((fault) => formatFault(file, fault));
    if (faults.length > FAULTS_LISTED) lines.push(`… and ${faults.length - FAULTS_LISTED} more`);
    super(lines.join('\n'), options);
    this.name = 'ConfigError';
    this.file = file;
    this.faults = faults;
  }
}

function formatFault(file: string, { line, column, key, why }: ConfigFault): string {
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  return key === '' ? `${place}: ${why}` : `${place}: ${key}: ${why}`;
}

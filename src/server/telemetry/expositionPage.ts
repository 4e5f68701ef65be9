/** Writes a page in the text exposition format 0.0.4. */
import { formatValue } from '../../shared/api/prometheus.ts';

export type FamilyType = 'counter' | 'gauge' | 'untyped';
export type PageLabels = Readonly<Record<string, string>>;

export class ExpositionPage {
  readonly #lines: string[] = [];
  #name = '';

  /** Starts a family; the samples that follow are its. Names are written as given: they are ours, not a user's. */
  family(name: string, type: FamilyType, help: string): this {
    this.#name = name;
    this.#lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
    return this;
  }

  sample(value: number, labels?: PageLabels): this {
    this.#lines.push(`${this.#name}${labels === undefined ? '' : formatPageLabels(labels)} ${formatValue(value)}`);
    return this;
  }

  /** The page so far, each line ended. */
  text(): string {
    return this.#lines.length === 0 ? '' : this.#lines.join('\n') + '\n';
  }
}

function formatPageLabels(labels: PageLabels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

export const escapeHelp = (text: string) => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
const escapeValue = (text: string) => escapeHelp(text).replace(/"/g, '\\"');

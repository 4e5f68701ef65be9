/**
 * The texts of the Grafana plugins in the reader's language. English stands in the code and is the key, so that a text is read where it is shown and one
 * that nobody has translated yet is shown in English. Why not through `@grafana/i18n`: docs/decisions/021-texts.md.
 */
import { CATALOGUES, type Catalogue } from './catalogues.ts';

/** What Grafana tells a page of its reader, from 10.1 on and before any plugin is loaded. */
interface GrafanaPage {
  readonly grafanaBootData?: { readonly user?: { readonly language?: string } };
}

let catalogue: Catalogue | undefined = CATALOGUES[languageOfPage() ?? ''];

function languageOfPage(): string | undefined {
  return (globalThis as GrafanaPage).grafanaBootData?.user?.language;
}

/** For tests: what texts are looked up in from now on. */
export function useCatalogue(next: Catalogue | undefined): void {
  catalogue = next;
}

/** A text with its values. @param text English, as a literal: the scan of `npm run texts` finds it. */
export function tr(text: string, ...values: readonly (string | number)[]): string {
  const found = catalogue?.[text] || text;
  return values.length === 0
    ? found
    : found.replace(/\{(\d+)\}/g, (all, place: string) => String(values[+place] ?? all));
}

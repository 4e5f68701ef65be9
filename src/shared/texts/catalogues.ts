/** Languages beside English, by Grafana's names of them. A new one: translate a copy of `src/locales/en-US.json` and name it here. */

/** English text → the same in another language. Values stand as {0}, {1}, … in both, in any order. */
export type Catalogue = Readonly<Record<string, string>>;

export const CATALOGUES: Readonly<Record<string, Catalogue>> = {};

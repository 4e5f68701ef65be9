/** Texts of the Grafana plugins can be translated: each stands in `tr(…)`, and the file that translators copy has each of them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { catalogueText, ENGLISH, gatherTexts } from '../../scripts/texts.ts';
import { CATALOGUES } from '../../src/shared/texts/catalogues.ts';

const root = path.resolve(import.meta.dirname, '../..');
const { keys, stray } = gatherTexts();

test('no text of a component or an option stands outside of tr(…)', () => expect(stray).toEqual([]));

test('src/locales/en-US.json has what the code has; `npm run texts` writes it', () => {
  const file = readFileSync(path.join(root, ENGLISH), 'utf8');
  expect(file).toBe(catalogueText(keys));
});

test('every language translates texts that there are, with the same values', () => {
  const values = (text: string) => (text.match(/\{\d+\}/g) ?? []).sort();
  for (const [language, catalogue] of Object.entries(CATALOGUES)) {
    for (const [key, text] of Object.entries(catalogue)) {
      expect({ language, key, known: keys.includes(key) }).toEqual({ language, key, known: true });
      expect({ language, key, values: values(text) }).toEqual({ language, key, values: values(key) });
    }
  }
});

test('a language has its file, its place in the bundle, and is named to Grafana by all three plugins', () => {
  const files = readdirSync(path.join(root, 'src/locales')).map((file) => file.replace('.json', ''));
  expect(files.sort()).toEqual(['en-US', ...Object.keys(CATALOGUES)].sort());
  for (const manifest of ['plugin.json', 'src/datasource/plugin.json', 'src/panel/plugin.json']) {
    const { languages } = JSON.parse(readFileSync(path.join(root, manifest), 'utf8')) as { languages: string[] };
    expect(languages.sort()).toEqual(files);
  }
});

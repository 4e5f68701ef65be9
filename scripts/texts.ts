/**
 * The texts of the Grafana plugins: gathers what stands in `tr(…)` into `src/locales/en-US.json`, which translators copy, and finds texts that stand outside.
 *
 *   npm run texts      writes the file, and fails if a text cannot be translated
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const ROOT = path.resolve(import.meta.dirname, '..');
const ROOMS = 'src/{app,datasource,panel,ui}/**/*.{ts,tsx}';
export const ENGLISH = 'src/locales/en-US.json';

/** Attributes of elements, and keys of options, whose values are read by people. */
const READ_BY_PEOPLE =
  /^(label|title|placeholder|tooltip|description|aria-label|text|alt|summary|headline|help|error|failed)$/;
/** Two words with a blank between them and no code in it: a sentence, wherever it stands. */
const SENTENCE = /^[^{}<>=\n]*[A-Za-z]{2,},? [a-zA-Z(][^{}<>=\n]*$|^\d (series|samples|more|others)\b/;
/** What is written for machines: addresses, names, styles, durations, examples of PromQL. */
const FOR_MACHINES =
  /^(https?:|\d* by \(le\)|[a-z]+_[a-z_]+$|\$|\d+\w?$|-----|X-|[&/'"]|\d+px |0 \d|(repeat|(repeating-)?linear-gradient)\(|\.cm-|underline |th, td|sum |eu-west-1$|label_values\(|rate\(|max_source|prometheus\.yml$)|^[A-Z0-9]{2,}$|^(SigV4|PromQL|Viewer|NAME.*)$/;
/** Files whose texts are expressions, rules or files for other programs. */
const MADE_FOR_PROGRAMS =
  /(source\/(expression|objective)|query\/(rawSamples|selectorText|builder|latency)|datasource\/(matchers|interpolate)|panel\/takeAway|app\/dashboard)\.ts$/;

export interface Texts {
  /** Keys of the catalogue, sorted. */
  readonly keys: readonly string[];
  /** `file:line: text` of those outside of `tr(…)`, or inside it but not as a literal. */
  readonly stray: readonly string[];
}

export function gatherTexts(): Texts {
  const keys = new Set<string>();
  const stray: string[] = [];
  for (const file of globSync(ROOMS, { cwd: ROOT }).sort()) {
    if (/\.test\.|\.d\.ts$/.test(file)) continue;
    const source = ts.createSourceFile(
      file,
      readFileSync(path.join(ROOT, file), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
      ts.ScriptKind.TSX,
    );
    walk(source, {
      key: (text) => keys.add(text),
      stray: (node, text) => {
        if (MADE_FOR_PROGRAMS.test(file)) return;
        stray.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${text.trim()}`);
      },
    });
  }
  return { keys: [...keys].sort(), stray };
}

interface Findings {
  readonly key: (text: string) => void;
  readonly stray: (node: ts.Node, text: string) => void;
}

function walk(node: ts.Node, found: Findings): void {
  if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
  if (ts.isCallExpression(node)) {
    const name = node.expression.getText();
    if (name === 'tr') {
      const [text, ...values] = node.arguments;
      if (ts.isStringLiteral(text) || ts.isNoSubstitutionTemplateLiteral(text)) found.key(text.text);
      else found.stray(node, node.getText());
      for (const value of values) walk(value, found);
      return;
    }
    if (name === 'css') return;
  }
  if (ts.isJsxText(node) && /[a-z]{2}/i.test(node.text)) found.stray(node, node.text);
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
    if (isRead(node) && isText(node.text)) found.stray(node, node.text);
    return;
  }
  if (ts.isTemplateExpression(node)) {
    const text = node.head.text + node.templateSpans.map(({ literal }, i) => `${i}${literal.text}`).join('');
    if (SENTENCE.test(text) && isText(text)) found.stray(node, node.getText());
  }
  node.forEachChild((child) => walk(child, found));
}

const isText = (text: string) => /[a-z]{2}/i.test(text) && !FOR_MACHINES.test(text);

function isRead(node: ts.StringLiteralLike): boolean {
  const { parent } = node;
  const named = ts.isJsxAttribute(parent) || (ts.isPropertyAssignment(parent) && parent.initializer === node);
  if (named && READ_BY_PEOPLE.test(parent.name.getText())) return true;
  // Names of icons and fields are small letters; names that people read begin with a large one.
  if (ts.isJsxAttribute(parent) && parent.name.getText() === 'name' && /^[A-Z]/.test(node.text)) return true;
  // One of two choices in such an attribute.
  if (ts.isConditionalExpression(parent) && parent.condition !== node) {
    const attribute = parent.parent.parent;
    if (ts.isJsxAttribute(attribute) && /^(text|label|title|placeholder|aria-label)$/.test(attribute.name.getText()))
      return true;
  }
  // A word with a large initial that is handed to a function, or is one of two choices: 'Region', 'Targets'.
  const isHanded = ts.isCallExpression(parent) || ts.isConditionalExpression(parent);
  if (isHanded && node.getSourceFile().fileName.endsWith('x') && /^[A-Z][a-z]+$/.test(node.text)) return true;
  return SENTENCE.test(node.text);
}

export const catalogueText = (keys: readonly string[]): string =>
  `${JSON.stringify(Object.fromEntries(keys.map((key) => [key, key])), null, 2)}\n`;

if (import.meta.main) {
  const { keys, stray } = gatherTexts();
  writeFileSync(path.join(ROOT, ENGLISH), catalogueText(keys));
  console.log(`${ENGLISH}: ${keys.length} texts`);
  for (const text of stray) console.log(`outside of tr(…): ${text}`);
  process.exitCode = stray.length > 0 ? 1 : 0;
}

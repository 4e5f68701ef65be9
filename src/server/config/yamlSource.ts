/**
 * YAML with its places kept. Every scalar stays the text that stands in the file (`1.0` is not `1`), so that label values come out as written;
 * the schema decides what is a number. Empty values count as absent, as upstream has it.
 */
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { ConfigError, type ConfigFault } from './configError.ts';
import { hideUrlPassword, MASK } from './masking.ts';

export type YamlTree = string | YamlTree[] | { [key: string]: YamlTree };

type Container = YamlTree[] | { [key: string]: YamlTree };
type Path = readonly PropertyKey[];

/** Nodes after aliases are followed; keeps a file of nested aliases from growing without end. */
const NODES_MAX = 1_000_000;
const NULL_TEXT = /^(?:|~|null|Null|NULL)$/;

export class YamlSource {
  readonly file: string;
  /** `undefined` for an empty file. */
  readonly tree: YamlTree | undefined;
  private readonly document: Document.Parsed;
  private readonly lines = new LineCounter();
  /** Offsets of key and value, by the container they stand in. */
  private readonly offsets = new WeakMap<Container, Map<PropertyKey, { key: number; value: number }>>();
  private nodes = 0;

  /** @throws ConfigError where the text is not YAML. */
  constructor(text: string, file: string) {
    this.file = file;
    this.document = parseDocument(text, { schema: 'failsafe', lineCounter: this.lines, prettyErrors: false });
    if (this.document.errors.length > 0) {
      throw new ConfigError(
        file,
        this.document.errors.map((error) => ({
          ...this.placeOf(error.pos[0]),
          key: '',
          why: `not YAML: ${error.message}`,
        })),
      );
    }
    this.tree = this.convert(this.document.contents, '');
  }

  /** A fault at the value of `path`, or at its key. Where the path does not exist, at the nearest parent that does. */
  fault(path: Path, why: string, at: 'key' | 'value' = 'value'): ConfigFault {
    let offset = this.document.contents?.range?.[0] ?? 0;
    let here: YamlTree | undefined = this.tree;
    for (const step of path) {
      if (typeof here !== 'object') break;
      const found = this.offsets.get(here)?.get(Array.isArray(here) ? Number(step) : step);
      if (found === undefined) break;
      offset = found[at];
      here = (here as Record<PropertyKey, YamlTree>)[step];
    }
    return { ...this.placeOf(offset), key: formatPath(path), why };
  }

  at(path: Path): YamlTree | undefined {
    let here: YamlTree | undefined = this.tree;
    for (const step of path)
      here = typeof here === 'object' ? (here as Record<PropertyKey, YamlTree>)[step] : undefined;
    return here;
  }

  /** The file without comments and with `<secret>` in place of what `isSecret` names by its key. */
  redacted(isSecret: (key: string) => boolean): string {
    const copy = this.document.clone() as Document.Parsed;
    copy.comment = null;
    copy.commentBefore = null;
    visit(copy, {
      Node: (_, node) => {
        node.comment = null;
        node.commentBefore = null;
      },
    });
    visit(copy, {
      Pair: (_, pair) => {
        if (!isScalar(pair.key) || !isSecret(String(pair.key.value)) || pair.value === null) return undefined;
        const value = pair.value;
        if (isSeq(value)) pair.value = copy.createNode(value.items.map(() => MASK));
        else if (!isMap(value)) pair.value = copy.createNode(MASK);
        else for (const item of value.items) item.value = copy.createNode(MASK);
        return undefined;
      },
      Scalar: (_, node) => {
        if (typeof node.value === 'string') node.value = hideUrlPassword(node.value);
      },
    });
    return copy.toString({ lineWidth: 0 });
  }

  private placeOf(offset: number): { line: number; column: number } {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  private convert(node: unknown, path: string): YamlTree | undefined {
    if (++this.nodes > NODES_MAX) this.refuse(node, path, `more than ${NODES_MAX} values; aliases may be nested`);
    if (isAlias(node)) {
      const target = node.resolve(this.document);
      if (target === undefined) this.refuse(node, path, `*${node.source} names no anchor`);
      return this.convert(target, path);
    }
    if (isScalar(node)) {
      const text = String(node.value ?? '');
      return node.type === 'PLAIN' && NULL_TEXT.test(text) ? undefined : text;
    }
    if (isSeq(node)) return this.convertList(node.items, path);
    if (isMap(node)) return this.convertMap(node, path);
    return undefined;
  }

  private convertList(items: readonly unknown[], path: string): YamlTree[] {
    const list: YamlTree[] = [];
    const offsets = new Map<PropertyKey, { key: number; value: number }>();
    for (const [i, item] of items.entries()) {
      const offset = startOf(item);
      offsets.set(list.length, { key: offset, value: offset });
      const value = this.convert(item, `${path}[${i}]`);
      if (value === undefined) this.refuse(item, `${path}[${i}]`, 'an empty entry; write a value or remove the dash');
      list.push(value);
    }
    this.offsets.set(list, offsets);
    return list;
  }

  private convertMap(node: unknown, path: string): YamlTree {
    const map: { [key: string]: YamlTree } = Object.create(null) as { [key: string]: YamlTree };
    const offsets = new Map<PropertyKey, { key: number; value: number }>();
    if (!isMap(node)) return map;
    for (const item of node.items) {
      if (!isPair(item) || !isScalar(item.key)) this.refuse(item, path, 'a key must be a plain text');
      const key = String(item.key.value);
      const value = this.convert(item.value, path === '' ? key : `${path}.${key}`);
      if (value === undefined) continue;
      if (key === '<<' && typeof value === 'object') {
        for (const [name, merged] of Array.isArray(value)
          ? value.flatMap((v) => Object.entries(v))
          : Object.entries(value)) {
          if (!(name in map)) map[name] = merged;
        }
        continue;
      }
      map[key] = value;
      offsets.set(key, { key: startOf(item.key), value: startOf(item.value) || startOf(item.key) });
    }
    this.offsets.set(map, offsets);
    return map;
  }

  private refuse(node: unknown, key: string, why: string): never {
    throw new ConfigError(this.file, [{ ...this.placeOf(startOf(node)), key, why }]);
  }
}

function startOf(node: unknown): number {
  if (isPair(node)) return startOf(node.key);
  return (node as { range?: readonly [number, number, number] | null } | null)?.range?.[0] ?? 0;
}

function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
}

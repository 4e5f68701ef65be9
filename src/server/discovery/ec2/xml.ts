/** The little of XML that AWS answers in: elements and texts; attributes, comments and declarations are passed over. */

export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** Of an element without children. */
  readonly text: string;
}

const DEPTH_MAX = 64;
const TOKEN = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([A-Za-z_][\w.:-]*)([^>]*?)(\/?)>|([^<]+)/y;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** @throws Error where the text is not XML of this kind. */
export function parseXml(source: string): XmlElement {
  interface Open {
    readonly name: string;
    readonly children: XmlElement[];
    text: string;
  }
  const root: Open = { name: '', children: [], text: '' };
  const open: Open[] = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(source);
    if (token === null) throw new Error(`not XML at character ${at}`);
    const [, closes, name, , isEmpty, text] = token;
    const here = open[open.length - 1];
    if (text !== undefined) here.text += unescaped(text);
    else if (name === undefined) continue;
    else if (closes === '/') {
      if (open.length === 1 || here.name !== name) throw new Error(`</${name}> at character ${at} ends nothing`);
      open.pop();
    } else {
      const element = { name, children: [], text: '' };
      here.children.push(element);
      if (isEmpty === '/') continue;
      open.push(element);
      if (open.length > DEPTH_MAX) throw new Error(`elements nested deeper than ${DEPTH_MAX}`);
    }
  }
  if (open.length > 1) throw new Error(`<${open[open.length - 1].name}> does not end`);
  if (root.children.length !== 1) throw new Error('not one element but ' + root.children.length);
  return root.children[0];
}

export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((one) => one.name === name);
}

/** The text below, '' if there is no such element. */
export function textAt(element: XmlElement | undefined, ...path: readonly string[]): string {
  return path.reduce(child, element)?.text.trim() ?? '';
}

/** The `item`s of a list. */
export function items(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return child(element, name)?.children.filter((one) => one.name === 'item') ?? [];
}

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));/g, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex as string, 16));
    return ENTITIES[name as string] ?? whole;
  });
}

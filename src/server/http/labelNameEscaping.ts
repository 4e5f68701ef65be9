/**
 * Label names with any characters in a path, as upstream escapes them: `U__` before, `__` for an underscore, `_<hex>_` for what a
 * plain name cannot hold. Source: the "values" scheme of Prometheus' escaping schemes.
 */
const PREFIX = 'U__';
const HEX_DIGITS_MAX = 6;

/** The name that is meant; a text that is not escaped, or not well, stands for itself. */
export function unescapeLabelName(text: string): string {
  if (!text.startsWith(PREFIX)) return text;
  const body = text.slice(PREFIX.length);
  let name = '';
  for (let i = 0; i < body.length;) {
    if (body[i] !== '_') {
      name += body[i++];
      continue;
    }
    if (body[i + 1] === '_') {
      name += '_';
      i += 2;
      continue;
    }
    const end = body.indexOf('_', i + 1);
    const hex = body.slice(i + 1, end);
    if (end < 0 || hex.length > HEX_DIGITS_MAX || !/^[0-9a-fA-F]+$/.test(hex)) return text;
    const point = parseInt(hex, 16);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return text;
    name += String.fromCodePoint(point);
    i = end + 1;
  }
  return name;
}

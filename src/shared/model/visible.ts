/**
 * Texts of others as people can trust them: label values, errors and names come from whatever is scraped. React and the content policy
 * keep markup from running; this keeps characters that nobody sees from hiding, joining or reordering what stands beside them.
 */

/** Controls, format characters (marks of direction, of no width, tags), line and paragraph separators, halves of pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const UNSEEN_IN_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** As PromQL and Go write a character that is not seen: `\n`, `\u202e`, `\U000e0041`. */
function escapeOf(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0)!.toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}

/** A text of one line in which every character is seen, and stands where it reads. */
export const visible = (text: string): string => text.replace(UNSEEN, escapeOf);

/** The same for a text of several lines, such as an alert's description: line feeds and tabs do what they are for. */
export const visibleLines = (text: string): string => text.replace(UNSEEN_IN_LINES, escapeOf);

/** A value in quotes as PromQL reads it, every character seen. */
export const visiblyQuoted = (text: string): string => visible(`"${text.replace(/["\\]/g, '\\$&')}"`);

const WHOLE = new Intl.NumberFormat('en-GB');

/**
 * A visible text that is short enough for a title, a list's entry or a name for ears; one that is cut says how long it is.
 *
 * @param charsMax UTF-16 units of the value that are shown; a pair is not halved.
 */
export function shortened(text: string, charsMax = 160): string {
  if (text.length <= charsMax) return visible(text);
  const start = text.slice(0, charsMax).replace(/[\ud800-\udbff]$/, '');
  return `${visible(start)}… (${WHOLE.format(text.length)} characters)`;
}

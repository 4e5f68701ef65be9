/**
 * Names of OpenTelemetry as those of Prometheus: what a metric is called with its unit and kind, and what may stand in a label's name.
 * Source: "Prometheus and OpenMetrics Compatibility" of the OpenTelemetry specification, and what Prometheus 3.14 makes of names.
 */

import type { OtlpNaming } from '../../config/config.ts';

export type Suffix = 'total' | 'ratio' | undefined;

const UNITS: Readonly<Record<string, string>> = {
  ...{ d: 'days', h: 'hours', min: 'minutes', s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds' },
  ...{ By: 'bytes', KiBy: 'kibibytes', MiBy: 'mebibytes', GiBy: 'gibibytes', TiBy: 'tibibytes' },
  ...{ KBy: 'kilobytes', MBy: 'megabytes', GBy: 'gigabytes', TBy: 'terabytes' },
  ...{ m: 'meters', V: 'volts', A: 'amperes', J: 'joules', W: 'watts', g: 'grams' },
  ...{ Cel: 'celsius', Hz: 'hertz', '1': '', '%': 'percent' },
};

const PER_UNITS: Readonly<Record<string, string>> = {
  ...{ s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month', y: 'year' },
};

const wordOf = (words: Readonly<Record<string, string>>, unit: string) =>
  Object.hasOwn(words, unit) ? words[unit] : unit;

/** `By/s` is `bytes` and `per_second`; what stands in braces is no unit but a remark. */
function unitWords(unit: string): [main: string, per: string] {
  const slash = unit.indexOf('/');
  const [over, under] = slash < 0 ? [unit, ''] : [unit.slice(0, slash), unit.slice(slash + 1)];
  const [main, per] = [over.trim(), under.trim()].map((part) => (/[{}]/.test(part) ? '' : part));
  const perWord = per === '' ? '' : wordOf(PER_UNITS, per);
  return [main === '' ? '' : wordOf(UNITS, main), perWord === '' ? '' : `per_${perWord}`];
}

const plainWord = (word: string) =>
  word
    .replace(/[^a-zA-Z0-9:]/gu, '_')
    .replace(/_+/g, '_')
    .replace(/^_/, '');

/** A unit as metadata tells it. */
export function unitName(unit: string, escapes = true): string {
  const words = unitWords(unit).map((word) => (escapes ? plainWord(word) : word));
  return words
    .filter((word) => word !== '')
    .join('_')
    .replace(/^_/, '')
    .replace(/_$/, '');
}

/** The name of a metric; undefined where nothing is left of it. */
export function metricName(name: string, unit: string, suffix: Suffix, naming: OtlpNaming): string | undefined {
  if (!naming.escapes) return (naming.addsSuffixes ? nameWithSuffixes(name, unit, suffix) : name) || undefined;
  const plain = naming.addsSuffixes ? plainNameWithSuffixes(name, unit, suffix) : plainName(name);
  if (plain !== name && /^_*$/.test(plain)) return undefined;
  return plain || undefined;
}

const digitsApart = (name: string) => (/^\d/.test(name) ? `_${name}` : name);

const plainName = (name: string) => digitsApart(wordsOf(name, /[^a-zA-Z0-9:_]+/u).join('_'));

const wordsOf = (name: string, between: RegExp) => name.split(between).filter((word) => word !== '');

function plainNameWithSuffixes(name: string, unit: string, suffix: Suffix): string {
  const words = wordsOf(name, /[^a-zA-Z0-9:]+/u);
  const [main, per] = unitWords(unit).map(plainWord);
  const hasPer = per !== '' && per !== 'per_' && !words.includes(per.replace(/_$/, ''));
  if (main !== '' && !words.includes(main)) words.push(hasPer ? main.replace(/_$/, '') : main);
  if (hasPer) words.push(per.replace(/_$/, ''));
  return digitsApart(suffix === undefined ? words.join('_') : [...words.filter((w) => w !== suffix), suffix].join('_'));
}

/** Letters stay as they are; a suffix that is there already is not added again. */
function nameWithSuffixes(name: string, unit: string, suffix: Suffix): string {
  const [main, per] = unitWords(unit);
  let bare = suffix === undefined ? name : withoutEnd(name, suffix);
  if (per !== '') bare = withoutEnd(bare, per);
  if (main !== '' && !bare.endsWith(main)) bare = `${bare}_${main}`;
  return [bare, per, suffix ?? ''].filter((part, i) => i === 0 || part !== '').join('_');
}

/** The end, and what separates it. */
const withoutEnd = (name: string, end: string) =>
  name.endsWith(end) && name.length > end.length + 1 ? name.slice(0, -end.length - 1) : name;

/** The name of a label; undefined where nothing is left of it. */
export function labelName(name: string, naming: OtlpNaming): string | undefined {
  const plain = naming.escapes ? plainLabel(name, naming) : name;
  return /^_*$/.test(plain) ? undefined : plain;
}

function plainLabel(name: string, { prefixesUnderscore, keepsUnderscores }: OtlpNaming): string {
  const plain = keepsUnderscores ? name.replace(/[^a-zA-Z0-9]/gu, '_') : withSingleUnderscores(name);
  if (/^\d/.test(plain)) return `key_${plain}`;
  return prefixesUnderscore && /^_(?!_)/.test(plain) ? `key${plain}` : plain;
}

/** Two underscores around a name mark labels that are not the user's; they stay. */
function withSingleUnderscores(name: string): string {
  const reserved = name.length >= 4 ? /^__(.*)__$/su.exec(name)?.[1] : undefined;
  const single = (reserved ?? name).replace(/[^a-zA-Z0-9]+/gu, '_');
  return reserved === undefined ? single : `__${single}__`;
}

/** Relabelling: rules rewrite a label set, one after the other, or drop it. */
import { createHash } from 'node:crypto';
import { RE2JS } from 're2js';
import { isPlainLabelName, labelsFrom, NO_LABELS, type Labels } from '../../shared/model/labels.ts';
import { compilePattern, type TextTest } from '../../shared/model/matchers.ts';
import type { RelabelAction, RelabelConfig } from '../config/config.ts';

/** A rule made ready. Rules keep compiled patterns: compile once per configuration, not per target. */
export type RelabelRule = (labels: LabelBag) => 'keep' | 'drop';

/** The label set at work: names to values, '' meaning none. */
type LabelBag = Map<string, string>;

const DEFAULT_PATTERN = '(.*)';

/**
 * @param config as checked by the configuration: patterns compile, required fields are there.
 * @param legacyNames whether label names made from a pattern must be `[a-zA-Z_][a-zA-Z0-9_]*`.
 */
export function compileRelabel(config: readonly RelabelConfig[], legacyNames = false): readonly RelabelRule[] {
  return config.map((rule) => ACTIONS[rule.action](rule, legacyNames));
}

/** The labels after all rules, or undefined if a rule drops them. The input is not changed; without rules it is returned as it is. */
export function relabel(labels: Labels, rules: readonly RelabelRule[]): Labels | undefined {
  if (rules.length === 0) return labels;
  const bag: LabelBag = new Map(labels);
  for (const rule of rules) if (rule(bag) === 'drop') return undefined;
  return labelsFrom(bag);
}

/** What one rule did. */
export interface RelabelStep {
  readonly rule: RelabelConfig;
  /** The labels after it; none once a rule has dropped them. */
  readonly output: Labels;
  readonly keep: boolean;
}

/** The labels rule by rule; rules after the one that dropped them do nothing. */
export function traceRelabel(
  labels: Labels,
  config: readonly RelabelConfig[],
  legacyNames = false,
): readonly RelabelStep[] {
  const rules = compileRelabel(config, legacyNames);
  const bag: LabelBag = new Map(labels);
  let keep = true;
  return config.map((rule, i) => {
    keep &&= rules[i](bag) === 'keep';
    return { rule, output: keep ? labelsFrom(bag) : NO_LABELS, keep };
  });
}

const ACTIONS: Readonly<Record<RelabelAction, (rule: RelabelConfig, legacyNames: boolean) => RelabelRule>> = {
  keep: (rule) => {
    const [source, test] = [sourceOf(rule), compilePattern(rule.regex)];
    return (labels) => (test(source(labels)) ? 'keep' : 'drop');
  },
  drop: (rule) => {
    const [source, test] = [sourceOf(rule), compilePattern(rule.regex)];
    return (labels) => (test(source(labels)) ? 'drop' : 'keep');
  },
  keepequal: (rule) => {
    const source = sourceOf(rule);
    return (labels) => (source(labels) === valueOf(labels, rule.targetLabel) ? 'keep' : 'drop');
  },
  dropequal: (rule) => {
    const source = sourceOf(rule);
    return (labels) => (source(labels) === valueOf(labels, rule.targetLabel) ? 'drop' : 'keep');
  },
  replace: compileReplace,
  lowercase: (rule) => compileCase(rule, (text) => text.toLowerCase()),
  uppercase: (rule) => compileCase(rule, (text) => text.toUpperCase()),
  hashmod: (rule) => {
    const source = sourceOf(rule);
    const modulus = BigInt(rule.modulus);
    return (labels) => keep(labels.set(rule.targetLabel, String(hashOf(source(labels)) % modulus)));
  },
  labelmap: (rule) => {
    const expand = compileExpansion(rule.regex, rule.replacement);
    return (labels) => {
      for (const [name, value] of [...labels]) {
        const mapped = value === '' ? undefined : expand(name);
        if (mapped !== undefined) set(labels, mapped, value);
      }
      return 'keep';
    };
  },
  labeldrop: (rule) => compileNameFilter(rule, (matches) => matches),
  labelkeep: (rule) => compileNameFilter(rule, (matches) => !matches),
};

function compileReplace(rule: RelabelConfig, legacyNames: boolean): RelabelRule {
  const source = sourceOf(rule);
  if (rule.regex === DEFAULT_PATTERN && !rule.targetLabel.includes('$') && !rule.replacement.includes('$')) {
    return (labels) => keep(set(labels, rule.targetLabel, rule.replacement));
  }
  const value = compileExpansion(rule.regex, rule.replacement);
  const name = rule.targetLabel.includes('$') ? compileExpansion(rule.regex, rule.targetLabel) : () => rule.targetLabel;
  return (labels) => {
    const text = source(labels);
    const replaced = value(text);
    if (replaced === undefined) return 'keep';
    const target = name(text) ?? '';
    // A name that comes out unusable leaves the set as it is, as upstream has it.
    if (target === '' || (legacyNames && !isPlainLabelName(target))) return 'keep';
    return keep(set(labels, target, replaced));
  };
}

function compileCase(rule: RelabelConfig, change: (text: string) => string): RelabelRule {
  const source = sourceOf(rule);
  return (labels) => keep(set(labels, rule.targetLabel, change(source(labels))));
}

function compileNameFilter(rule: RelabelConfig, dropped: (matches: boolean) => boolean): RelabelRule {
  const test: TextTest = compilePattern(rule.regex);
  return (labels) => {
    for (const name of [...labels.keys()]) if (dropped(test(name))) labels.delete(name);
    return 'keep';
  };
}

/** The texts of the source labels, joined. */
function sourceOf({ sourceLabels, separator }: RelabelConfig): (labels: LabelBag) => string {
  if (sourceLabels.length === 1) return (labels) => valueOf(labels, sourceLabels[0]);
  return (labels) => sourceLabels.map((name) => valueOf(labels, name)).join(separator);
}

/** The template with `$1`, `${1}`, `$name`, `${name}` filled from a full match; undefined where the pattern does not match. */
function compileExpansion(pattern: string, template: string): (text: string) => string | undefined {
  const parts = parseTemplate(template);
  if (pattern === DEFAULT_PATTERN && template === '$1') return (text) => text;
  const compiled = RE2JS.compile(pattern, RE2JS.DOTALL);
  const groups = compiled.namedGroups();
  return (text) => {
    const matcher = compiled.matcher(text);
    if (!matcher.matches()) return undefined;
    let out = '';
    for (const part of parts) {
      if (typeof part === 'string') {
        out += part;
        continue;
      }
      const index = /^\d+$/.test(part.group) ? Number(part.group) : groups[part.group];
      if (index !== undefined && index <= matcher.groupCount()) out += matcher.group(index) ?? '';
    }
    return out;
  };
}

/** Literal texts and references. `$$` is a dollar sign; a `$` that begins no reference stands for itself, as in Go's Regexp.Expand. */
export function parseTemplate(template: string): (string | { group: string })[] {
  const parts: (string | { group: string })[] = [];
  let literalFrom = 0;
  for (const match of template.matchAll(/\$(?:(\$)|(\w+)|\{(\w+)\})/g)) {
    parts.push(template.slice(literalFrom, match.index));
    parts.push(match[1] !== undefined ? '$' : { group: match[2] ?? match[3] });
    literalFrom = match.index + match[0].length;
  }
  parts.push(template.slice(literalFrom));
  return parts.filter((part) => part !== '');
}

function set(labels: LabelBag, name: string, value: string): LabelBag {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
  return labels;
}

function valueOf(labels: LabelBag, name: string): string {
  return labels.get(name) ?? '';
}

/** For rules that only rewrite. */
function keep(_: LabelBag): 'keep' {
  return 'keep';
}

/** The last 8 bytes of the MD5, big-endian: what upstream's hashmod takes, so that shards stay where they were. */
function hashOf(text: string): bigint {
  return createHash('md5').update(text).digest().readBigUInt64BE(8);
}

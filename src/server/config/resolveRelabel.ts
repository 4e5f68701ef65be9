/** Relabel rules: defaults, and the combinations that make no sense. */
import { isPlainLabelName } from '../../shared/model/labels.ts';
import type { RelabelAction, RelabelConfig } from './config.ts';
import { nearest } from './nearest.ts';
import type { RawRelabelConfig } from './scrapeSchema.ts';

const DEFAULTS = { separator: ';', regex: '(.*)', replacement: '$1' } as const;

/** What an action needs and refuses besides `regex`. */
const ACTIONS: Readonly<Record<RelabelAction, { needs?: readonly Field[]; refuses?: readonly Field[] }>> = {
  replace: { needs: ['target_label'] },
  keep: {},
  drop: {},
  hashmod: { needs: ['target_label', 'modulus'] },
  labelmap: {},
  labeldrop: { refuses: ['source_labels', 'target_label', 'modulus', 'separator', 'replacement'] },
  labelkeep: { refuses: ['source_labels', 'target_label', 'modulus', 'separator', 'replacement'] },
  lowercase: { needs: ['target_label'], refuses: ['replacement'] },
  uppercase: { needs: ['target_label'], refuses: ['replacement'] },
  keepequal: { needs: ['target_label'], refuses: ['regex', 'modulus', 'separator', 'replacement'] },
  dropequal: { needs: ['target_label'], refuses: ['regex', 'modulus', 'separator', 'replacement'] },
};
type Field = Exclude<keyof RawRelabelConfig, 'action'>;
const DEFAULT_OF: Partial<Record<Field, string>> = DEFAULTS;

/** `$1`, `${1}` and `${name}` in a label name that is put together. */
const REFERENCE = /\$(?:\{\w+\}|\w+)/g;

export type Complain = (path: readonly PropertyKey[], why: string) => void;

/** The rules of a key. */
export function resolveRelabels(
  rules: readonly RawRelabelConfig[] | undefined,
  key: string,
  legacyNames: boolean,
  complain: Complain,
): RelabelConfig[] {
  return (rules ?? []).map((rule, i) =>
    resolveRelabel(rule, legacyNames, (path, why) => complain([key, i, ...path], why)),
  );
}

function resolveRelabel(raw: RawRelabelConfig, legacyNames: boolean, complain: Complain): RelabelConfig {
  const action = (raw.action ?? 'replace').toLowerCase();
  if (!isAction(action)) {
    const meant = nearest(action, Object.keys(ACTIONS));
    complain(
      ['action'],
      `unknown action ${JSON.stringify(action)}; ${meant ? `did you mean ${meant}?` : `one of ${Object.keys(ACTIONS).join(', ')}`}`,
    );
  } else {
    const { needs = [], refuses = [] } = ACTIONS[action];
    for (const field of needs) if (!raw[field]) complain([], `action ${action} needs ${field}`);
    for (const field of refuses) {
      const value = raw[field];
      if (value !== undefined && value !== DEFAULT_OF[field])
        complain([field], `action ${action} takes no ${field}; remove it`);
    }
    checkNames(raw, action, legacyNames, complain);
  }
  return {
    sourceLabels: raw.source_labels ?? [],
    separator: raw.separator ?? DEFAULTS.separator,
    targetLabel: raw.target_label ?? '',
    regex: raw.regex ?? DEFAULTS.regex,
    modulus: raw.modulus ?? 0,
    replacement: raw.replacement ?? DEFAULTS.replacement,
    action: isAction(action) ? action : 'replace',
  };
}

function isAction(text: string): text is RelabelAction {
  return Object.hasOwn(ACTIONS, text);
}

function checkNames(raw: RawRelabelConfig, action: RelabelAction, legacyNames: boolean, complain: Complain): void {
  const composed = (name: string) => name.replace(REFERENCE, 'a');
  const bad = (name: string) => name === '' || (legacyNames && !isPlainLabelName(composed(name)));
  if (raw.target_label && bad(raw.target_label))
    complain(['target_label'], `${JSON.stringify(raw.target_label)} is not a label name`);
  if (action === 'labelmap' && raw.replacement !== undefined && bad(raw.replacement)) {
    complain(['replacement'], `${JSON.stringify(raw.replacement)} does not make a label name`);
  }
}

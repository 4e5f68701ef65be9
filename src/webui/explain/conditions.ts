/** Conditions on labels as the address carries them: `version="v2",instance!="a"`. Written as PromQL has it, read without a parser of it. */
import { isPlainLabelName, quoted } from '../../shared/model/labels.ts';

export interface LabelCondition {
  readonly label: string;
  readonly op: '=' | '!=';
  /** '' for series without the label. */
  readonly value: string;
}

export type LabelValue = Omit<LabelCondition, 'op'>;

/** More conditions than this in an address are passed over. */
const CONDITIONS_MAX = 20;
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
const CONDITION = new RegExp(`\\s*(${QUOTED}|[a-zA-Z_][a-zA-Z0-9_]*)\\s*(=|!=)\\s*(${QUOTED})\\s*(?:,|$)`, 'y');

/** What can be read from the front of a text; nothing of a text that is mistyped at once. */
export function conditionsOf(text: string | null): LabelCondition[] {
  const found: LabelCondition[] = [];
  CONDITION.lastIndex = 0;
  for (let match = CONDITION.exec(text ?? ''); match !== null; match = CONDITION.exec(text ?? '')) {
    const [, label, op, value] = match;
    found.push({
      label: label.startsWith('"') ? unquoted(label) : label,
      op: op as '=' | '!=',
      value: unquoted(value),
    });
    if (found.length === CONDITIONS_MAX) break;
  }
  return found;
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/gs, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}

export function conditionText({ label, op, value }: LabelCondition): string {
  return `${isPlainLabelName(label) ? label : quoted(label)}${op}${quoted(value)}`;
}

export function conditionsText(conditions: readonly LabelCondition[]): string {
  return conditions.map(conditionText).join(',');
}

/** With one more; one on the same label and value is replaced. */
export function withCondition(conditions: readonly LabelCondition[], added: LabelCondition): LabelCondition[] {
  return [...withoutCondition(conditions, added), added];
}

export function withoutCondition(conditions: readonly LabelCondition[], dropped: LabelCondition): LabelCondition[] {
  return conditions.filter(({ label, value }) => label !== dropped.label || value !== dropped.value);
}

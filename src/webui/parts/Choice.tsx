import React from 'react';
import { shortened } from '../../shared/model/visible.ts';

export interface Option<V extends string> {
  readonly value: V;
  readonly text: string;
  /** Shown in place of the text, which then names the option for screen readers. */
  readonly icon?: React.ReactNode;
}

interface ChoiceProps<V extends string> {
  /** What is chosen here, for screen readers. */
  readonly label: string;
  readonly options: readonly Option<V>[];
  readonly value: V | undefined;
  readonly onChange: (value: V) => void;
}

/** A row of buttons of which one is pressed. */
export function Segments<V extends string>({ label, options, value, onChange }: ChoiceProps<V>) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          aria-label={option.icon === undefined ? undefined : option.text}
          title={option.icon === undefined ? undefined : option.text}
          onClick={() => onChange(option.value)}
        >
          {option.icon ?? option.text}
        </button>
      ))}
    </div>
  );
}

/** The browser's own list: works with every keyboard and on every telephone. */
export function Select<V extends string>({ label, options, value, onChange }: ChoiceProps<V>) {
  return (
    <select
      className="select"
      aria-label={label}
      title={label}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value as V)}
    >
      {value === undefined && <option value="" />}
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {shortened(option.text)}
        </option>
      ))}
    </select>
  );
}

import { InlineField, Input } from '@grafana/ui';
import React from 'react';

/** Of the first field of each row of an editor, so that rows stand below each other. */
export const FIRST_LABEL_WIDTH = 14;

interface NumberFieldProps {
  readonly label: string;
  readonly tooltip?: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** A number of any size, with what it is. */
export function NumberField({ label, tooltip, value, onChange }: NumberFieldProps): React.JSX.Element {
  return (
    <InlineField label={label} tooltip={tooltip}>
      <Input
        aria-label={label}
        type="number"
        step="any"
        width={12}
        value={value}
        onChange={(event) => onChange(Number(event.currentTarget.value))}
      />
    </InlineField>
  );
}

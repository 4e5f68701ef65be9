/** Parts of the settings page that more than one of its sections use. */
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { InlineField, Input } from '@grafana/ui';
import React from 'react';
import type { MetricsOptions } from '../options.ts';

export type Secrets = Record<string, string>;
export type ConfigProps = DataSourcePluginOptionsEditorProps<MetricsOptions, Secrets>;

export const LABEL_WIDTH = 24;
export const FIELD_WIDTH = 48;

export interface TextMore {
  readonly placeholder?: string;
  readonly tooltip?: string;
  readonly width?: number;
}

interface TextFieldProps extends TextMore {
  readonly label: string;
  readonly value: string | undefined;
  readonly disabled?: boolean;
  readonly onChange: (value: string) => void;
}

export function TextField({ label, value, disabled, onChange, ...more }: TextFieldProps): React.JSX.Element {
  return (
    <InlineField label={label} labelWidth={LABEL_WIDTH} tooltip={more.tooltip} disabled={disabled}>
      <Input
        aria-label={label}
        width={more.width ?? FIELD_WIDTH}
        value={value ?? ''}
        placeholder={more.placeholder}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </InlineField>
  );
}

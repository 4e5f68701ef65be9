import { Button, InlineField, InlineFieldRow, Input, TextArea } from '@grafana/ui';
import React from 'react';
import { FIELD_WIDTH, LABEL_WIDTH, type ConfigProps } from './fields.tsx';
import { tr } from '../../shared/texts/texts.ts';

interface SecretFieldProps extends ConfigProps {
  readonly label: string;
  readonly name: string;
  readonly kind: 'line' | 'pem';
}

/** A secret that is set shows nothing of it, only that it is there and how to replace it. */
export function SecretField({ label, name, kind, options, onOptionsChange }: SecretFieldProps): React.JSX.Element {
  const { secureJsonFields = {}, secureJsonData = {} } = options;
  const set = (value: string) => onOptionsChange({ ...options, secureJsonData: { ...secureJsonData, [name]: value } });
  if (secureJsonFields[name] === true) {
    const reset = () =>
      onOptionsChange({
        ...options,
        secureJsonFields: { ...secureJsonFields, [name]: false },
        secureJsonData: { ...secureJsonData, [name]: '' },
      });
    return (
      <InlineFieldRow>
        <InlineField label={label} labelWidth={LABEL_WIDTH} disabled>
          <Input aria-label={label} width={FIELD_WIDTH - 10} value="configured" />
        </InlineField>
        <Button variant="secondary" type="button" onClick={reset} disabled={options.readOnly}>
          {tr('Reset')}
        </Button>
      </InlineFieldRow>
    );
  }
  return (
    <InlineField label={label} labelWidth={LABEL_WIDTH} disabled={options.readOnly}>
      {kind === 'line' ? (
        <Input
          aria-label={label}
          type="password"
          autoComplete="new-password"
          width={FIELD_WIDTH}
          value={secureJsonData[name] ?? ''}
          onChange={(event) => set(event.currentTarget.value)}
        />
      ) : (
        <TextArea
          aria-label={label}
          rows={6}
          cols={64}
          placeholder="-----BEGIN …"
          value={secureJsonData[name] ?? ''}
          onChange={(event) => set(event.currentTarget.value)}
        />
      )}
    </InlineField>
  );
}

import { Button, InlineField, InlineFieldRow, Input } from '@grafana/ui';
import React from 'react';
import type { MetricsOptions } from '../options.ts';
import { FIELD_WIDTH, LABEL_WIDTH, type ConfigProps } from './fields.tsx';
import { SecretField } from './SecretField.tsx';
import { tr } from '../../shared/texts/texts.ts';

const NUMBER_MAX = 20;

interface NamedSecretsProps extends ConfigProps {
  /** What one of them is called, such as Header. */
  readonly what: string;
  readonly nameKey: string;
  readonly valueKey: string;
  readonly placeholder: string;
}

/** Names in plain sight under a number, values among the secrets under the same number, as all of Grafana's data sources keep their headers. */
export function NamedSecrets({
  what,
  nameKey,
  valueKey,
  placeholder,
  options,
  onOptionsChange,
}: NamedSecretsProps): React.JSX.Element {
  const json = options.jsonData as MetricsOptions & Record<string, unknown>;
  const numbers = Object.keys(json)
    .filter((key) => key.startsWith(nameKey))
    .map((key) => Number(key.slice(nameKey.length)))
    .filter((n) => Number.isInteger(n) && n > 0)
    .sort((a, b) => a - b);
  const setName = (n: number, name: string | undefined) => {
    const jsonData = { ...json, [`${nameKey}${n}`]: name };
    if (name !== undefined) return onOptionsChange({ ...options, jsonData });
    delete jsonData[`${nameKey}${n}`];
    return onOptionsChange({
      ...options,
      jsonData,
      secureJsonFields: { ...options.secureJsonFields, [`${valueKey}${n}`]: false },
      secureJsonData: { ...options.secureJsonData, [`${valueKey}${n}`]: '' },
    });
  };
  return (
    <>
      {numbers.map((n) => (
        <div key={n}>
          <InlineFieldRow>
            <InlineField label={what} labelWidth={LABEL_WIDTH} disabled={options.readOnly}>
              <Input
                aria-label={`${what} ${n}`}
                width={FIELD_WIDTH - 10}
                placeholder={placeholder}
                value={String(json[`${nameKey}${n}`] ?? '')}
                onChange={(event) => setName(n, event.currentTarget.value)}
              />
            </InlineField>
            <Button variant="secondary" type="button" disabled={options.readOnly} onClick={() => setName(n, undefined)}>
              {tr('Remove')}
            </Button>
          </InlineFieldRow>
          <SecretField
            label={tr('Value')}
            name={`${valueKey}${n}`}
            kind="line"
            options={options}
            onOptionsChange={onOptionsChange}
          />
        </div>
      ))}
      <Button
        variant="secondary"
        type="button"
        disabled={options.readOnly || numbers.length >= NUMBER_MAX}
        onClick={() => setName((numbers[numbers.length - 1] ?? 0) + 1, '')}
      >
        {tr('Add')} {what.toLowerCase()}
      </Button>
    </>
  );
}

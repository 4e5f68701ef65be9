import { FieldSet, InlineField, InlineSwitch } from '@grafana/ui';
import React from 'react';
import { OVERLAP_DEFAULT } from '../held/heldAnswers.ts';
import type { MetricsOptions } from '../options.ts';
import { LABEL_WIDTH, TextField, type ConfigProps } from './fields.tsx';
import { tr } from '../../shared/texts/texts.ts';

/** How dashboards ask, whichever server answers. */
export function QueryFields({ options, onOptionsChange }: ConfigProps): React.JSX.Element {
  const json = options.jsonData;
  const setJson = (part: Partial<MetricsOptions>) => onOptionsChange({ ...options, jsonData: { ...json, ...part } });
  const isIncremental = json.incrementalQuerying !== false;
  return (
    <FieldSet label={tr('Queries')}>
      <InlineField
        label={tr('Ask for new steps only')}
        labelWidth={LABEL_WIDTH}
        disabled={options.readOnly}
        tooltip={tr('A dashboard that refreshes keeps what it has and asks for the rest; once an hour it asks for all')}
      >
        <InlineSwitch
          aria-label={tr('Ask for new steps only')}
          value={isIncremental}
          onChange={(event) => setJson({ incrementalQuerying: event.currentTarget.checked })}
        />
      </InlineField>
      {isIncremental && (
        <TextField
          label={tr('Asked again')}
          value={json.incrementalQueryOverlapWindow}
          disabled={options.readOnly}
          placeholder={OVERLAP_DEFAULT}
          width={12}
          tooltip={tr('Steps younger than this are asked again, as samples may come late')}
          onChange={(incrementalQueryOverlapWindow) => setJson({ incrementalQueryOverlapWindow })}
        />
      )}
    </FieldSet>
  );
}

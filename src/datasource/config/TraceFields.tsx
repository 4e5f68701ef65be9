import { DataSourcePicker } from '@grafana/runtime';
import { Button, FieldSet, InlineField, InlineFieldRow } from '@grafana/ui';
import React from 'react';
import type { TraceDestination } from '../exemplarLinks.ts';
import { LABEL_WIDTH, TextField, type ConfigProps } from './fields.tsx';
import { tr } from '../../shared/texts/texts.ts';

const DESTINATIONS_MAX = 10;

/** Where exemplars lead to. */
export function TraceFields({ options, onOptionsChange }: ConfigProps): React.JSX.Element {
  const destinations: readonly TraceDestination[] = options.jsonData.exemplarTraceIdDestinations ?? [];
  const set = (next: readonly TraceDestination[]) =>
    onOptionsChange({ ...options, jsonData: { ...options.jsonData, exemplarTraceIdDestinations: [...next] } });
  const change = (i: number, part: Partial<TraceDestination>) =>
    set(destinations.map((one, k) => (k === i ? { ...one, ...part } : one)));
  return (
    <FieldSet label={tr('Exemplars')}>
      {destinations.map((destination, i) => (
        <div key={i} style={{ marginBottom: 8 }}>
          <InlineFieldRow>
            <TextField
              label={tr("Label of the trace's id")}
              value={destination.name}
              disabled={options.readOnly}
              placeholder="trace_id"
              width={24}
              onChange={(name) => change(i, { name })}
            />
            <Button
              variant="secondary"
              type="button"
              disabled={options.readOnly}
              onClick={() => set(destinations.filter((_, k) => k !== i))}
            >
              {tr('Remove')}
            </Button>
          </InlineFieldRow>
          <InlineField label={tr('Traces in')} labelWidth={LABEL_WIDTH} disabled={options.readOnly}>
            <DataSourcePicker
              tracing
              noDefault
              current={destination.datasourceUid ?? null}
              width={32}
              onChange={({ uid }) => change(i, { datasourceUid: uid, url: undefined })}
              onClear={() => change(i, { datasourceUid: undefined })}
            />
          </InlineField>
          {!destination.datasourceUid && (
            <TextField
              label={tr('or at the address')}
              value={destination.url}
              disabled={options.readOnly}
              placeholder="https://traces.example/${__value.raw}"
              onChange={(url) => change(i, { url })}
            />
          )}
        </div>
      ))}
      <Button
        variant="secondary"
        type="button"
        disabled={options.readOnly || destinations.length >= DESTINATIONS_MAX}
        onClick={() => set([...destinations, { name: 'trace_id' }])}
      >
        {tr('Add a link to traces')}
      </Button>
    </FieldSet>
  );
}

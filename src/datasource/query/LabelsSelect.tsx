import type { SelectableValue } from '@grafana/data';
import { InlineField, MultiSelect } from '@grafana/ui';
import React, { useEffect, useState } from 'react';
import { tr } from '../../shared/texts/texts.ts';
import type { MetricsDataSource } from '../DataSource.ts';

interface LabelsSelectProps {
  readonly datasource: MetricsDataSource;
  readonly metric: string;
  readonly label: string;
  readonly tooltip?: string;
  readonly value: readonly string[];
  readonly onChange: (labels: string[]) => void;
}

/** Some labels of a metric's series. */
export function LabelsSelect({
  datasource,
  metric,
  label,
  tooltip,
  value,
  onChange,
}: LabelsSelectProps): React.JSX.Element {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    let gone = false;
    datasource.labelNames(metric).then(
      (found) => {
        if (!gone) setNames(found);
      },
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [datasource, metric]);
  const offered = [...new Set([...value, ...names])].filter((name) => name !== '__name__' && name !== 'le');
  return (
    <InlineField label={label} tooltip={tooltip}>
      <MultiSelect
        aria-label={label}
        width={40}
        placeholder={tr('nothing: all together')}
        allowCustomValue
        options={offered.map((name): SelectableValue<string> => ({ label: name, value: name }))}
        value={[...value]}
        onChange={(chosen) => onChange(chosen.flatMap((one) => one.value ?? []))}
      />
    </InlineField>
  );
}

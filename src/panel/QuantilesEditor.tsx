/** The panel option "Quantiles": a list as people write it, `p50, p95, 99.9`. A text field, since Grafana's lists of free numbers differ by version. */
import type { StandardEditorProps } from '@grafana/data';
import { Input } from '@grafana/ui';
import React, { useState } from 'react';
import { quantileName } from '../shared/heatmap/quantileLines.ts';
import { QUANTILES_MAX, quantilesOf, unreadableQuantiles } from './options.ts';
import { tr } from '../shared/texts/texts.ts';

const SEPARATORS = /[\s,;]+/;
const partsOf = (text: string) => text.split(SEPARATORS).filter((part) => part !== '');

export function QuantilesEditor({ value, onChange, id }: StandardEditorProps<number[]>) {
  const stored = quantilesOf(value).map(quantileName).join(', ');
  // What is being typed; undefined while the field shows what is stored.
  const [draft, setDraft] = useState<string>();
  const unreadable = unreadableQuantiles(partsOf(draft ?? ''));
  const take = () => {
    if (draft === undefined || unreadable.length > 0) return;
    onChange(quantilesOf(partsOf(draft)));
    setDraft(undefined);
  };
  const fault = tr('not a quantile: {0}; write p95, 95 or 0.95, at most {1}', unreadable.join(', '), QUANTILES_MAX);
  return (
    <>
      <Input
        id={id}
        value={draft ?? stored}
        placeholder={tr('none')}
        invalid={unreadable.length > 0}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => event.key === 'Enter' && take()}
      />
      {unreadable.length > 0 && <div role="alert">{fault}</div>}
    </>
  );
}

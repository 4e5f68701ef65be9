import React, { useState } from 'react';
import { readLimits } from '../../viz/limitLines.ts';
import { setParams } from '../location.ts';

/** Limits over the maps, such as a service level: `250ms, 1s`. */
export function LimitField({ params, unit }: { params: URLSearchParams; unit: string }) {
  const stored = params.get('limit') ?? '';
  return <Field key={stored} stored={stored} unit={unit} />;
}

function Field({ stored, unit }: { stored: string; unit: string }) {
  const [draft, setDraft] = useState(stored);
  const { unreadable } = readLimits(draft, unit);
  const take = () => {
    const text = draft.trim();
    if (text !== stored && unreadable === '') setParams({ limit: text === '' ? undefined : text }, 'push');
  };
  return (
    <input
      className="input limit-field"
      aria-label="Limits"
      aria-invalid={unreadable !== ''}
      title={
        unreadable === ''
          ? 'A line for each, with the share of observations under it: 250ms, 1s'
          : `Cannot read ${unreadable}; write 250ms or 1s`
      }
      placeholder="limit 250ms"
      size={12}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === 'Enter' && take()}
    />
  );
}

import React, { useState } from 'react';
import { SearchField } from '../parts/SearchField.tsx';
import { StatusCard } from './StatusCard.tsx';
import { useStatus } from './useStatus.ts';

export function FlagsView() {
  const flags = useStatus<Record<string, string>>('flags');
  const [text, setText] = useState('');
  return (
    <StatusCard
      title="Flags"
      fetched={flags}
      tools={<SearchField label="Search flags" placeholder="Name or value" value={text} onChange={setText} />}
    >
      {(all) => <FlagTable rows={Object.entries(all).filter(([name, value]) => `${name} ${value}`.includes(text))} />}
    </StatusCard>
  );
}

function FlagTable({ rows }: { rows: readonly (readonly [name: string, value: string])[] }) {
  if (rows.length === 0) return <p className="dim">No flag is like that.</p>;
  return (
    <table className="table">
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">
              <code>--{name}</code>
            </th>
            <td>
              <code className="labels">{value === '' ? <span className="dim">empty</span> : value}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

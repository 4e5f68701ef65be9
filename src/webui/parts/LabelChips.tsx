import React from 'react';

/** Labels side by side, long values cut; the whole of one is its title. */
export function LabelChips({ labels }: { labels: Readonly<Record<string, string>> }) {
  return (
    <span className="label-chips">
      {Object.entries(labels).map(([name, value]) => (
        <code key={name} title={`${name}="${value}"`}>
          <span className="dim">{name}=</span>
          {value}
        </code>
      ))}
    </span>
  );
}

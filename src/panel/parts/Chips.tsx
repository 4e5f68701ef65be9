import React from 'react';
import type { VizTheme } from '../../viz/theme.ts';

export interface Chip {
  readonly text: string;
  readonly onRemove: () => void;
}

/** What was chosen on the map and is not in the panel's options: each can be taken back. */
export function Chips({ chips, theme }: { chips: readonly Chip[]; theme: VizTheme }): React.JSX.Element {
  return (
    <div
      style={{
        display: 'flex',
        gap: 6,
        overflow: 'hidden',
        paddingLeft: 8,
        height: CHIPS_HEIGHT,
        alignItems: 'center',
      }}
    >
      {chips.map(({ text, onRemove }) => (
        <span
          key={text}
          style={{
            display: 'inline-flex',
            alignItems: 'center',
            gap: 4,
            maxWidth: 280,
            padding: '0 2px 0 8px',
            borderRadius: 10,
            border: `1px solid ${theme.grid}`,
            color: theme.text,
            fontSize: 12,
            lineHeight: '18px',
          }}
        >
          <bdi style={{ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>{text}</bdi>
          <button
            type="button"
            aria-label={`Remove: ${text}`}
            onClick={onRemove}
            style={{
              border: 0,
              background: 'none',
              color: theme.textDim,
              font: 'inherit',
              cursor: 'pointer',
              padding: '0 5px',
            }}
          >
            ×
          </button>
        </span>
      ))}
    </div>
  );
}

export const CHIPS_HEIGHT = 24;

import React, { useState } from 'react';
import { shortened, visible } from '../../shared/model/visible.ts';
import { CopyButton } from './CopyButton.tsx';

/** Longer values begin cut, and open with a press. */
const CHARS_MAX = 32;

/** Labels side by side. The whole of a long value is a press away, and can be copied from there. */
export function LabelChips({ labels }: { labels: Readonly<Record<string, string>> }) {
  return (
    <span className="label-chips">
      {Object.entries(labels).map(([name, value]) =>
        name.length + value.length > CHARS_MAX ? (
          <LongChip key={name} name={name} value={value} />
        ) : (
          <code key={name}>
            <span className="dim">{visible(name)}=</span>
            <bdi>{visible(value)}</bdi>
          </code>
        ),
      )}
    </span>
  );
}

function LongChip({ name, value }: { name: string; value: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className={`label-chip ${isOpen ? 'label-chip-open' : ''}`}
        aria-expanded={isOpen}
        title={isOpen ? 'Show less' : shortened(`${name}="${value}"`)}
        onClick={() => setOpen(!isOpen)}
      >
        <code>
          <span className="dim">{shortened(name)}=</span>
          <bdi>{isOpen ? visible(value) : shortened(value)}</bdi>
        </code>
      </button>
      {isOpen && <CopyButton label="Copy" text={() => value} />}
    </>
  );
}

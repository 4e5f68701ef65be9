import React, { useEffect, useRef, useState } from 'react';
import type { VizTheme } from '../../viz/theme.ts';
import { tr } from '../../shared/texts/texts.ts';

export interface MenuEntry {
  readonly text: string;
  readonly onClick: () => void;
}

/** A quiet button at the panel's foot with what is wanted seldom. */
export function MoreMenu({ entries, theme }: { entries: readonly MenuEntry[]; theme: VizTheme }): React.JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    ref.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus();
    const press = (event: PointerEvent): void => {
      if (event.target instanceof Node && !ref.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', press);
    return () => document.removeEventListener('pointerdown', press);
  }, [isOpen]);
  const key = (event: React.KeyboardEvent): void => {
    if (!isOpen) return;
    const items = [...(ref.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Escape') {
      setOpen(false);
      ref.current?.querySelector('button')?.focus();
    } else if (step !== 0) items[(at + step + items.length) % items.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={ref} style={{ position: 'relative', marginLeft: 'auto' }} onKeyDown={key}>
      <button
        type="button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={tr('More')}
        title={tr('More')}
        onClick={() => setOpen(!isOpen)}
        style={{ ...BARE, width: 28, height: 24, color: theme.textDim, fontSize: 16, lineHeight: '20px' }}
      >
        ⋯
      </button>
      {isOpen && (
        <div
          role="menu"
          aria-label={tr('More')}
          style={{
            position: 'absolute',
            right: 0,
            bottom: '100%',
            zIndex: 3,
            minWidth: 176,
            padding: '4px 0',
            borderRadius: 6,
            border: `1px solid ${theme.grid}`,
            background: theme.background,
            boxShadow: theme.mode === 'dark' ? '0 8px 24px rgba(0, 0, 0, 0.6)' : '0 8px 24px rgba(20, 24, 32, 0.18)',
          }}
        >
          {entries.map(({ text, onClick }) => (
            <button
              key={text}
              type="button"
              role="menuitem"
              onClick={() => {
                setOpen(false);
                onClick();
              }}
              style={{
                ...BARE,
                display: 'block',
                width: '100%',
                padding: '5px 14px',
                textAlign: 'left',
                color: theme.text,
              }}
            >
              {text}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

const BARE: React.CSSProperties = { border: 0, background: 'none', font: 'inherit', fontSize: 13, cursor: 'pointer' };

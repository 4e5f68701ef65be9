import React, { useEffect, useRef } from 'react';
import type { VizTheme } from '../../viz/theme.ts';
import { tr } from '../../shared/texts/texts.ts';

interface CardProps {
  readonly title: string;
  readonly theme: VizTheme;
  /** CSS pixels of the panel. */
  readonly width: number;
  readonly height: number;
  readonly onClose: () => void;
  readonly children: React.ReactNode;
}

const WIDTH = 340;
const MARGIN = 8;

/** A card over the right side of the panel. It takes the focus, so that it is heard and Escape closes it. */
export function Card({ title, theme, width, height, onClose, children }: CardProps): React.JSX.Element {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => ref.current?.focus({ preventScroll: true }), []);
  return (
    <section
      ref={ref}
      role="dialog"
      aria-label={title}
      tabIndex={-1}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
      style={{
        position: 'absolute',
        zIndex: 2,
        top: MARGIN,
        right: MARGIN,
        width: Math.min(WIDTH, width - 2 * MARGIN),
        maxHeight: height - 2 * MARGIN,
        overflowY: 'auto',
        boxSizing: 'border-box',
        padding: '10px 14px 12px',
        borderRadius: 6,
        border: `1px solid ${theme.grid}`,
        background: theme.background,
        boxShadow: theme.mode === 'dark' ? '0 8px 24px rgba(0, 0, 0, 0.6)' : '0 8px 24px rgba(20, 24, 32, 0.18)',
        color: theme.text,
        fontSize: 13,
        lineHeight: 1.45,
        outline: 'none',
      }}
    >
      <header style={{ display: 'flex', justifyContent: 'space-between', gap: 8, alignItems: 'baseline' }}>
        <strong style={{ fontWeight: 600 }}>{title}</strong>
        <button
          type="button"
          aria-label={tr('Close')}
          onClick={onClose}
          style={{ ...buttonStyle(theme), fontSize: 16 }}
        >
          ×
        </button>
      </header>
      {children}
    </section>
  );
}

/** A button that looks like a link. */
export function buttonStyle(theme: VizTheme): React.CSSProperties {
  return {
    border: 0,
    padding: '2px 0',
    background: 'none',
    color: theme.accent,
    font: 'inherit',
    cursor: 'pointer',
    whiteSpace: 'nowrap',
  };
}

export function Action(props: {
  readonly text: string;
  readonly title?: string;
  readonly theme: VizTheme;
  readonly onClick: () => void;
}): React.JSX.Element {
  return (
    <button type="button" title={props.title} style={buttonStyle(props.theme)} onClick={props.onClick}>
      {props.text}
    </button>
  );
}

/** Copies a text and says so for a moment. */
export function CopyAction({ text, copy, theme }: { text: string; copy: string; theme: VizTheme }): React.JSX.Element {
  const [said, setSaid] = React.useState<string>();
  useEffect(() => {
    if (said === undefined) return undefined;
    const timer = setTimeout(() => setSaid(undefined), 2_000);
    return () => clearTimeout(timer);
  }, [said]);
  const click = (): void => {
    const written = navigator.clipboard?.writeText(copy) ?? Promise.reject(new Error(tr('no clipboard here')));
    written.then(
      () => setSaid(tr('Copied')),
      () => setSaid(tr('This page may not copy')),
    );
  };
  return <Action text={said ?? text} title={copy} theme={theme} onClick={click} />;
}

export const DIM_LINE: React.CSSProperties = { fontVariantNumeric: 'tabular-nums', marginTop: 2 };

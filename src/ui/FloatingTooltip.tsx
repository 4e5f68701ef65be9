import React, { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { tr } from '../shared/texts/texts.ts';
import type { VizTheme } from '../viz/theme.ts';

interface FloatingTooltipProps {
  /** Where the pointer is, in the window's pixels. */
  readonly clientX: number;
  readonly clientY: number;
  readonly theme: VizTheme;
  /** Given where the box stays until it is closed: it then takes the pointer. */
  readonly onClose?: () => void;
  readonly children: React.ReactNode;
}

const OFFSET = 14;

/** A box beside the pointer, above everything, kept inside the window. For eyes only, unless it stays: what it is about has words of its own. */
export function FloatingTooltip({
  clientX,
  clientY,
  theme,
  onClose,
  children,
}: FloatingTooltipProps): React.JSX.Element {
  const ref = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 272, height: 160 });
  useLayoutEffect(() => {
    const box = ref.current?.getBoundingClientRect();
    if (box !== undefined && (box.width !== size.width || box.height !== size.height)) {
      setSize({ width: box.width, height: box.height });
    }
  });
  useClosing(ref, onClose);
  const right = clientX + OFFSET + size.width <= window.innerWidth;
  const left = right ? clientX + OFFSET : Math.max(4, clientX - OFFSET - size.width);
  const top = Math.max(4, Math.min(clientY + OFFSET, window.innerHeight - size.height - 4));
  const stays = onClose !== undefined;
  return createPortal(
    <div
      ref={ref}
      className="floating-tooltip"
      role={stays ? 'dialog' : undefined}
      aria-label={stays ? tr('Cell') : undefined}
      aria-hidden={stays ? undefined : true}
      onPointerMove={(event) => event.stopPropagation()}
      style={{
        position: 'fixed',
        left,
        top,
        zIndex: 1100,
        pointerEvents: stays ? 'auto' : 'none',
        padding: '10px 12px',
        borderRadius: 6,
        background: theme.background,
        border: `1px solid ${stays ? theme.accent : theme.grid}`,
        boxShadow: theme.mode === 'dark' ? '0 8px 24px rgba(0, 0, 0, 0.6)' : '0 8px 24px rgba(20, 24, 32, 0.18)',
        cursor: 'auto',
      }}
    >
      {stays && (
        <button
          type="button"
          aria-label={tr('Close')}
          onClick={onClose}
          style={{
            position: 'absolute',
            top: 6,
            right: 6,
            width: 24,
            height: 24,
            border: 0,
            background: 'none',
            color: theme.textDim,
            font: 'inherit',
            fontSize: 16,
            lineHeight: '24px',
            cursor: 'pointer',
          }}
        >
          ×
        </button>
      )}
      {children}
    </div>,
    document.body,
  );
}

/** Escape and a press elsewhere close it. */
function useClosing(ref: React.RefObject<HTMLDivElement | null>, onClose: (() => void) | undefined): void {
  useEffect(() => {
    if (onClose === undefined) return undefined;
    const key = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') onClose();
    };
    const press = (event: PointerEvent): void => {
      // A press on a map is that map's own matter.
      const { target } = event;
      if (!(target instanceof Element) || ref.current?.contains(target) || target.closest('[role=application]')) return;
      onClose();
    };
    document.addEventListener('keydown', key);
    document.addEventListener('pointerdown', press);
    return () => {
      document.removeEventListener('keydown', key);
      document.removeEventListener('pointerdown', press);
    };
  });
}

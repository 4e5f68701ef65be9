import React, { useEffect, useState } from 'react';
import { Icon } from './Icon.tsx';

const SAID_FOR_MS = 2000;

interface CopyButtonProps {
  readonly text: () => string;
  readonly label: string;
  readonly className?: string;
}

/** Copies a text, and says whether that worked. Browsers give the clipboard to secure pages only: https, or this machine. */
export function CopyButton({ text, label, className = 'button button-small' }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'failed'>();
  useEffect(() => {
    if (outcome === undefined) return undefined;
    const timer = setTimeout(() => setOutcome(undefined), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setOutcome('copied');
    } catch {
      setOutcome('failed');
    }
  };
  const said = { copied: 'Copied', failed: 'Not allowed' } as const;
  return (
    <button type="button" className={className} onClick={() => void copy()} aria-live="polite">
      <Icon name={outcome === 'copied' ? 'check' : outcome === 'failed' ? 'cross' : 'copy'} size={13} />
      {outcome === undefined ? label : said[outcome]}
    </button>
  );
}

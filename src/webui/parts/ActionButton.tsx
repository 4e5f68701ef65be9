import React, { useEffect, useRef, useState } from 'react';

interface ActionButtonProps {
  readonly label: string;
  /** Told to screen readers where the label alone does not say what it acts on. */
  readonly name?: string;
  readonly tone?: 'bad';
  readonly className?: string;
  readonly act: () => Promise<void>;
}

/** Does something on the server: busy while it is done, and what went wrong is said beside it. */
export function ActionButton({ label, name, tone, className = 'button button-small', act }: ActionButtonProps) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const gone = useRef(false);
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);
  const run = async () => {
    if (busy) return;
    setBusy(true);
    setFault('');
    try {
      await act();
    } catch (error) {
      if (!gone.current) setFault((error as Error).message);
    }
    if (!gone.current) setBusy(false);
  };
  return (
    <>
      <button
        type="button"
        className={`${className} ${tone === 'bad' ? 'button-bad' : ''}`}
        aria-label={name}
        aria-busy={busy}
        aria-disabled={busy}
        onClick={() => void run()}
      >
        {busy ? `${label} …` : label}
      </button>
      {fault !== '' && (
        <span className="action-fault" role="alert">
          {fault}
        </span>
      )}
    </>
  );
}

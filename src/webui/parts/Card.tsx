import React, { useId } from 'react';
import { shortened, visibleLines } from '../../shared/model/visible.ts';

interface CardProps {
  readonly title: string;
  /** Right of the title: choices and legends. */
  readonly tools?: React.ReactNode;
  readonly className?: string;
  /** An answer is on its way; the former one is still shown. */
  readonly busy?: boolean;
  readonly children: React.ReactNode;
}

export function Card({ title, tools, className = '', busy = false, children }: CardProps) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={id} aria-busy={busy}>
      <header className="card-head">
        <h2 id={id}>{shortened(title)}</h2>
        {tools !== undefined && <div className="card-tools">{tools}</div>}
      </header>
      <div className="card-body">{children}</div>
    </section>
  );
}

interface NoticeProps {
  readonly kind: 'empty' | 'error' | 'loading';
  readonly title: string;
  readonly children?: React.ReactNode;
}

/** What stands where a picture would: why there is none, and what to do. */
export function Notice({ kind, title, children }: NoticeProps) {
  return (
    <div className={`notice notice-${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <p className="notice-title">{visibleLines(title)}</p>
      {children}
    </div>
  );
}

/** One number with its name. */
export function Figure({ name, value, tone }: { name: string; value: string; tone?: 'bad' }) {
  return (
    <div className={`figure ${tone === undefined ? '' : `figure-${tone}`}`}>
      <dt>{name}</dt>
      <dd className="num">{value}</dd>
    </div>
  );
}

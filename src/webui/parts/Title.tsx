import React from 'react';
import { shortened } from '../../shared/model/visible.ts';

const SEPARATOR = ' · ';

/** A title of parts: where it is too long its beginning is cut, and the last part, in which titles differ, stands. */
export function Title({ text, className }: { text: string; className: string }) {
  const at = text.lastIndexOf(SEPARATOR);
  return (
    <span className={`title ${className}`} title={shortened(text)}>
      <span className="title-start">{shortened(at < 0 ? text : text.slice(0, at))}</span>
      {at >= 0 && <span className="title-end">{shortened(text.slice(at))}</span>}
    </span>
  );
}

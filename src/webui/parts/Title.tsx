import React from 'react';

const SEPARATOR = ' · ';

/** A title of parts: where it is too long its beginning is cut, and the last part, in which titles differ, stands. */
export function Title({ text, className }: { text: string; className: string }) {
  const at = text.lastIndexOf(SEPARATOR);
  return (
    <span className={`title ${className}`} title={text}>
      <span className="title-start">{at < 0 ? text : text.slice(0, at)}</span>
      {at >= 0 && <span className="title-end">{text.slice(at)}</span>}
    </span>
  );
}

import React, { createContext, useContext, useEffect, useRef } from 'react';
import { createPortal } from 'react-dom';
import { hasNavigated } from '../location.ts';

/** Where in the bar a page puts its tools. The bar itself stays when pages change, and so does the focus of a link in it. */
export const ToolsPlace = createContext<HTMLElement | null>(null);

interface PageFrameProps {
  readonly className?: string;
  /** Stand in the bar. */
  readonly tools?: React.ReactNode;
  readonly children: React.ReactNode;
}

/** The part of the window that is a page's own. Where the focus went with the page before, it comes to the new one. */
export function PageFrame({ className = '', tools, children }: PageFrameProps) {
  const place = useContext(ToolsPlace);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    const isLost = document.activeElement === null || document.activeElement === document.body;
    if (isLost && hasNavigated()) main.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      {place !== null && createPortal(tools, place)}
      <main ref={main} className={`page ${className}`} id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

/** What has the focus may be taken out of the page: a form that was sent, a row that was deleted. Whoever uses the keyboard goes on beside it. */

const FOCUSABLE =
  'a[href], button:not([disabled]), input:not([disabled]), select, summary, [tabindex]:not([tabindex="-1"])';

/**
 * Watches a part of the window until the returned function is called. A page that goes away as a whole is not its matter.
 *
 * @param within where the focus is kept: the element closest to the lost one that is still there gets it.
 */
export function keepFocus(within: HTMLElement): () => void {
  /** From the element that had the focus outwards; empty once the focus went elsewhere by itself. */
  let path: HTMLElement[] = [];
  const remember = ({ target }: FocusEvent) => {
    path = [];
    for (let at = target as HTMLElement | null; at !== null && at !== within; at = at.parentElement) path.push(at);
  };
  const forget = () => (path = []);
  const watcher = new MutationObserver(() => {
    const [lost] = path;
    if (lost === undefined || lost.isConnected || document.activeElement !== document.body) return;
    const left = path.find((element) => element.isConnected);
    path = [];
    if (left?.closest('main') == null) return;
    const next = left.querySelector<HTMLElement>(FOCUSABLE) ?? left.closest('main')!;
    next.focus({ preventScroll: true });
  });
  within.addEventListener('focusin', remember);
  within.addEventListener('pointerdown', forget);
  watcher.observe(within, { childList: true, subtree: true });
  return () => {
    watcher.disconnect();
    within.removeEventListener('focusin', remember);
    within.removeEventListener('pointerdown', forget);
  };
}

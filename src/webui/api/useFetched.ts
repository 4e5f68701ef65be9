import { useEffect, useState } from 'react';

/** What an asynchronous question has brought so far. While a new answer is on its way, the former one stays. */
export interface Fetched<T> {
  readonly data?: T;
  /** The last attempt's failure; `data` may still hold an older answer. */
  readonly error?: Error;
  readonly loading: boolean;
}

interface State<T> extends Fetched<T> {
  readonly subject?: string;
}

/**
 * Asks whenever `key` changes, and drops the question that was under way.
 *
 * @param key everything that the answer depends on; undefined asks nothing.
 * @param load must depend on nothing but what the key says.
 * @param subject what the answer is about: when it changes, an old answer is no longer shown.
 */
export function useFetched<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
  subject = '',
): Fetched<T> {
  const [state, setState] = useState<State<T>>({ loading: key !== undefined, subject });
  useEffect(() => {
    if (key === undefined) return undefined;
    const abort = new AbortController();
    setState((old) => (old.subject === subject ? { ...old, loading: true } : { loading: true, subject }));
    load(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ data, loading: false, subject });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setState((old) => ({
          ...old,
          error: error instanceof Error ? error : new Error(String(error)),
          loading: false,
        }));
      },
    );
    return () => abort.abort();
    // `load` is a new closure at every render; the key says when it differs.
  }, [key, subject]);
  return state.subject === subject ? state : { loading: key !== undefined };
}

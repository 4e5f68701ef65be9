import type { DataFrame, PanelData } from '@grafana/data';
import { useEffect, useState } from 'react';
import { askFrames } from './ask.ts';
import { executedExpr, refinedExpr, type Refinement } from './expression.ts';
import { tr } from '../../shared/texts/texts.ts';

export interface Refined {
  /** The panel's own frames, or those of a part of its series. */
  readonly frames: readonly DataFrame[];
  readonly isLoading: boolean;
  /** Why the part cannot be had, in words. */
  readonly error?: string;
}

/** The panel's data, narrowed or split as the user chose on it: its own queries are asked again with that in them, whenever they bring new data. */
export function useRefined(data: PanelData, refinement: Refinement): Refined {
  const isRefined = refinement.conditions.length > 0 || refinement.splits.length > 0;
  const [answer, setAnswer] = useState<{ of: Refinement; frames: readonly DataFrame[]; error?: string }>();
  const { series } = data;
  useEffect(() => {
    if (!isRefined) return undefined;
    let isLeft = false;
    const done = (frames: readonly DataFrame[], error?: string) => {
      if (!isLeft) setAnswer({ of: refinement, frames, error });
    };
    const exprs = new Map<string, string>();
    for (const frame of series) {
      const expr = executedExpr(frame);
      const refined = expr === undefined ? undefined : refinedExpr(expr, refinement);
      if (refined !== undefined) exprs.set(frame.refId ?? 'A', refined);
    }
    if (exprs.size === 0) done([], tr('This data source does not tell its expression, so it cannot be narrowed here'));
    else {
      askFrames(
        data,
        [...exprs].map(([refId, expr]) => ({ refId, expr })),
      ).then(
        (frames) => done(frames),
        (error: unknown) => done([], error instanceof Error ? error.message : String(error)),
      );
    }
    return () => {
      isLeft = true;
    };
    // The request belongs to the series: it changes with them.
  }, [series, refinement, isRefined]);
  if (!isRefined) return { frames: series, isLoading: false };
  if (answer === undefined || answer.of !== refinement) return { frames: series, isLoading: true };
  return answer.error === undefined
    ? { frames: answer.frames, isLoading: false }
    : { frames: series, isLoading: false, error: answer.error };
}

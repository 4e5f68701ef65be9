import type { GrafanaTheme2 } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import React, { useMemo } from 'react';
import { explainExpr } from './explain.ts';
import { hintsFor } from './hints.ts';
import { tr } from '../../shared/texts/texts.ts';

/** What seems wrong with an expression, each with a click that mends it. */
export function Hints({
  expr,
  known,
  onFix,
}: {
  expr: string;
  known?: ReadonlySet<string>;
  onFix: (expr: string) => void;
}): React.JSX.Element | null {
  const styles = useStyles2(stylesOf);
  const hints = useMemo(() => hintsFor(expr, known), [expr, known]);
  if (hints.length === 0) return null;
  return (
    <ul className={styles.list} aria-label={tr('Hints')}>
      {hints.map(({ text, fix }) => (
        <li key={text} className={styles.hint}>
          <span>{text}</span>
          {fix !== undefined && (
            <Button size="sm" variant="secondary" fill="outline" onClick={() => onFix(fix.expr)}>
              {fix.label}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The expression step by step, in words. */
export function Explanation({ expr }: { expr: string }): React.JSX.Element {
  const styles = useStyles2(stylesOf);
  const steps = useMemo(() => explainExpr(expr), [expr]);
  if (steps === undefined) return <p>{tr('Nothing to explain yet: this is no whole expression.')}</p>;
  return (
    <ol className={styles.steps} aria-label={tr('Explanation')}>
      {steps.map(({ code, words }, i) => (
        <li key={i}>
          <code>{code}</code>
          <div>{words}</div>
        </li>
      ))}
    </ol>
  );
}

function stylesOf({ colors, spacing, shape, typography }: GrafanaTheme2) {
  return {
    list: css({ listStyle: 'none', margin: spacing(0.5, 0), padding: 0 }),
    hint: css({
      display: 'flex',
      alignItems: 'center',
      gap: spacing(1),
      color: colors.warning.text,
      padding: spacing(0.25, 0),
    }),
    steps: css({
      margin: spacing(1, 0),
      padding: spacing(1, 1, 1, 4),
      background: colors.background.secondary,
      borderRadius: shape.borderRadius(1),
      '& li': { padding: spacing(0.5, 0) },
      '& code': {
        fontFamily: typography.fontFamilyMonospace,
        background: 'none',
        border: 'none',
        padding: 0,
        color: colors.text.primary,
      },
      '& div': { color: colors.text.secondary },
    }),
  };
}

import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { css, cx } from '@emotion/css';
import React from 'react';
import { modeOf } from '../../shared/api/grafanaQuery.ts';
import { BesideFields } from './BesideFields.tsx';
import { CollectFields } from './CollectFields.tsx';
import type { ConfigProps } from './fields.tsx';
import { QueryFields } from './QueryFields.tsx';
import { TraceFields } from './TraceFields.tsx';
import { tr } from '../../shared/texts/texts.ts';

const MODES = [
  {
    mode: 'collect',
    title: tr('Collect here'),
    text: tr(
      'Name your services, and this data source scrapes and keeps their metrics itself. Nothing else to install.',
    ),
  },
  {
    mode: 'beside',
    title: tr('Beside Grafana'),
    text: tr('Ask a server that runs already: an Isotherm sidecar, Prometheus, Mimir, Thanos, VictoriaMetrics.'),
  },
] as const;

/** The data source's settings page: which of two ways it runs, and what that way needs. Secrets go to Grafana's secure store only and are never read back. */
export function ConfigEditor(props: ConfigProps): React.JSX.Element {
  const { options, onOptionsChange } = props;
  const styles = useStyles2(stylesOf);
  const chosen = modeOf(options.url, options.jsonData);
  return (
    <div data-testid="isotherm-config-editor">
      <div className={styles.modes} role="radiogroup" aria-label={tr('Where metrics come from')}>
        {MODES.map(({ mode, title, text }) => (
          <button
            key={mode}
            type="button"
            role="radio"
            aria-checked={mode === chosen}
            disabled={options.readOnly}
            className={cx(styles.mode, mode === chosen && styles.chosen)}
            onClick={() => onOptionsChange({ ...options, jsonData: { ...options.jsonData, mode } })}
          >
            <strong>{title}</strong>
            <span>{text}</span>
          </button>
        ))}
      </div>
      {chosen === 'collect' ? <CollectFields {...props} /> : <BesideFields {...props} />}
      <QueryFields {...props} />
      <TraceFields {...props} />
    </div>
  );
}

function stylesOf({ colors, spacing, shape, typography }: GrafanaTheme2) {
  return {
    modes: css({
      display: 'grid',
      gridTemplateColumns: 'repeat(auto-fit, minmax(260px, 1fr))',
      gap: spacing(2),
      maxWidth: 720,
      marginBottom: spacing(3),
    }),
    mode: css({
      display: 'grid',
      gap: spacing(0.5),
      alignContent: 'start',
      padding: spacing(2),
      textAlign: 'left',
      color: colors.text.secondary,
      background: colors.background.secondary,
      border: `1px solid ${colors.border.weak}`,
      borderRadius: shape.borderRadius(2),
      '& strong': { color: colors.text.primary, fontSize: typography.h5.fontSize },
      '&:hover': { borderColor: colors.border.strong },
    }),
    chosen: css({
      borderColor: colors.primary.border,
      boxShadow: `inset 0 0 0 1px ${colors.primary.border}`,
    }),
  };
}

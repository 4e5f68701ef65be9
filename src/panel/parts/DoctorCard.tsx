import React from 'react';
import { diagnose } from '../../shared/heatmap/doctor.ts';
import { formatShare, type FormatValue } from '../../viz/format.ts';
import type { VizTheme } from '../../viz/theme.ts';
import type { MapView } from '../views.ts';
import { Card, CopyAction } from './Card.tsx';
import { tr } from '../../shared/texts/texts.ts';

interface DoctorCardProps {
  readonly views: readonly MapView[];
  readonly titles: readonly string[];
  readonly quantiles: readonly number[];
  readonly limits: readonly number[];
  readonly formatY: FormatValue;
  readonly theme: VizTheme;
  readonly width: number;
  readonly height: number;
  readonly onClose: () => void;
}

const MAPS_MAX = 8;
const CODE: React.CSSProperties = {
  fontSize: 12,
  whiteSpace: 'normal',
  overflowWrap: 'anywhere',
  padding: 0,
  border: 0,
  background: 'none',
};

/** What the buckets of the drawn histograms cannot answer, and buckets that would. */
export function DoctorCard(props: DoctorCardProps): React.JSX.Element {
  const { views, titles, quantiles, limits, formatY, theme } = props;
  return (
    <Card title={tr('Do these buckets serve?')} {...props}>
      {views.slice(0, MAPS_MAX).map(({ model }, i) => {
        const { findings, suggested } = diagnose({ model, quantiles, limits, formatY, formatShare });
        return (
          <div key={i} style={{ marginTop: 8 }}>
            {views.length > 1 && <div style={{ fontWeight: 500 }}>{titles[i]}</div>}
            {findings.length === 0 ? (
              <p style={{ margin: '2px 0', color: theme.textDim }}>
                {tr(
                  'They do: nothing is hidden at their ends, and every quantile and limit shown lies in a narrow one.',
                )}
              </p>
            ) : (
              <ul style={{ margin: '2px 0', paddingLeft: 18 }}>
                {findings.map(({ kind, text }) => (
                  <li key={`${kind} ${text}`} style={{ marginTop: 3 }}>
                    {text}
                  </li>
                ))}
              </ul>
            )}
            {suggested !== undefined && (
              <div style={{ marginTop: 6, color: theme.textDim }}>
                {tr('These would:')} <code style={CODE}>{suggested.join(', ')}</code>{' '}
                <CopyAction text={tr('Copy')} copy={`[${suggested.join(', ')}]`} theme={theme} />
              </div>
            )}
          </div>
        );
      })}
    </Card>
  );
}

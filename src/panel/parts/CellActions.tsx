import { getBackendSrv } from '@grafana/runtime';
import { usePanelContext } from '@grafana/ui';
import React, { useState } from 'react';
import { lastValueFrom } from 'rxjs';
import type { Labels } from '../../shared/model/labels.ts';
import { pairText } from '../../shared/explain/words.ts';
import type { VizTheme } from '../../viz/theme.ts';
import type { CellAction } from '../actions.ts';
import type { CellLink } from '../links.ts';
import { Action } from './Card.tsx';
import { tr } from '../../shared/texts/texts.ts';

interface CellActionsProps {
  readonly links: readonly CellLink[];
  readonly actions: readonly CellAction[];
  /** Of the map, for filters of the whole dashboard. */
  readonly labels: Labels;
  readonly theme: VizTheme;
  readonly onExplain?: () => void;
}

/** More buttons than this are no help. */
const FILTERS_MAX = 4;

/** What can be done about a cell, below its numbers. */
export function CellActions({ links, actions, labels, theme, onExplain }: CellActionsProps): React.JSX.Element {
  const { onAddAdHocFilter, canExecuteActions } = usePanelContext();
  const filters =
    onAddAdHocFilter === undefined ? [] : labels.filter(([name]) => name !== 'query').slice(0, FILTERS_MAX);
  return (
    <div style={{ display: 'flex', flexWrap: 'wrap', columnGap: 14 }}>
      {onExplain !== undefined && <Action text={tr('Explain')} theme={theme} onClick={onExplain} />}
      {links.map(({ title, href, newTab }) => (
        <a
          key={`${title} ${href}`}
          href={href}
          style={{ color: theme.accent, padding: '2px 0' }}
          {...(newTab ? { target: '_blank', rel: 'noreferrer' } : {})}
        >
          {title}
        </a>
      ))}
      {filters.map(([key, value]) => (
        <Action
          key={key}
          text={`Filter ${pairText(key, value)}`}
          title={tr('On the whole dashboard')}
          theme={theme}
          onClick={() => onAddAdHocFilter?.({ key, value, operator: '=' })}
        />
      ))}
      {canExecuteActions?.() === true &&
        actions.map((action) => <Call key={action.title} action={action} theme={theme} />)}
    </div>
  );
}

/** A button that asks once more before it calls, and says how it went. */
function Call({ action, theme }: { readonly action: CellAction; readonly theme: VizTheme }): React.JSX.Element {
  const [state, setState] = useState<'idle' | 'asked' | 'calling' | 'done' | { readonly error: string }>('idle');
  const call = (): void => {
    setState('calling');
    lastValueFrom(getBackendSrv().fetch({ ...action.request, showErrorAlert: false, showSuccessAlert: false })).then(
      () => setState('done'),
      (error: { statusText?: string; message?: string }) =>
        setState({ error: error.statusText ?? error.message ?? tr('no answer') }),
    );
  };
  if (state === 'asked') {
    return (
      <span style={{ display: 'flex', columnGap: 10 }}>
        {action.question}
        <Action text={tr('Yes')} theme={theme} onClick={call} />
        <Action text={tr('No')} theme={theme} onClick={() => setState('idle')} />
      </span>
    );
  }
  if (state === 'idle') return <Action text={action.title} theme={theme} onClick={() => setState('asked')} />;
  return (
    <span role="status" style={{ color: theme.textDim, padding: '2px 0' }}>
      {action.title}: {state === 'calling' ? 'calling …' : state === 'done' ? 'done' : tr('failed ({0})', state.error)}
    </span>
  );
}

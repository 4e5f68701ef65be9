/** The gallery's page: the panel itself, with Grafana's own packages, on data that looks real. */
import {
  createTheme,
  dateTime,
  EventBusSrv,
  LoadingState,
  ThemeContext,
  type DataFrame,
  type PanelProps,
} from '@grafana/data';
import { setBackendSrv, setDataSourceSrv, setTemplateSrv } from '@grafana/runtime';
import { GlobalStyles, PanelContextProvider } from '@grafana/ui';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { of } from 'rxjs';
import { LatencyHeatmapPanel } from '../../src/panel/LatencyHeatmapPanel.tsx';
import { completeOptions, type HeatmapOptions } from '../../src/panel/options.ts';
import { SCENES, type Scene } from './scenes.ts';

setBackendSrv({ fetch: () => of({ data: {}, status: 200, ok: true }) } as never);
setTemplateSrv({ replace: (text: string) => text, getVariables: () => [] } as never);
/** Answers a question for all series with those of the scene that asks. */
setDataSourceSrv({
  get: (ref: { uid: string }) =>
    Promise.resolve({
      type: 'prometheus',
      query: () => of({ data: SCENES.find(({ id }) => id === ref.uid)?.allSeries?.() ?? ([] as DataFrame[]) }),
    }),
} as never);

function Shown({ scene }: { scene: Scene }) {
  const { id, title, text, width, height, span, frames, annotations, options = {} } = scene;
  const timeRange = { from: dateTime(span.from), to: dateTime(span.to), raw: { from: 'now-6h', to: 'now' } };
  const props = {
    id: 1,
    data: {
      state: LoadingState.Done,
      series: frames,
      annotations,
      timeRange,
      request: { requestId: id, targets: [{ refId: 'A', expr: 'x', datasource: { uid: id, type: 'prometheus' } }] },
    },
    timeRange,
    timeZone: 'utc',
    width,
    height,
    options: completeOptions(options),
    fieldConfig: { defaults: {}, overrides: [] },
    eventBus: BUS,
    replaceVariables: (one: string) => one,
    onChangeTimeRange: () => undefined,
  } as unknown as PanelProps<HeatmapOptions>;
  return (
    <figure id={id} style={{ margin: 0, width, breakInside: 'avoid' }}>
      <figcaption style={{ marginBottom: 8 }}>
        <h2 style={{ fontSize: 16, margin: 0 }}>{title}</h2>
        <span style={{ opacity: 0.75 }}>{text}</span>
      </figcaption>
      <div
        className="panel"
        style={{
          width,
          height,
          padding: 8,
          boxSizing: 'content-box',
          borderRadius: 4,
          background: THEME.colors.background.primary,
        }}
      >
        <LatencyHeatmapPanel {...props} />
      </div>
    </figure>
  );
}

const BUS = new EventBusSrv();
const isDark = !window.location.hash.includes('light');
const THEME = createTheme({ colors: { mode: isDark ? 'dark' : 'light' } });
document.body.style.cssText = `margin: 0; background: ${THEME.colors.background.canvas}; color: ${THEME.colors.text.primary}; font: 14px ${THEME.typography.fontFamily}`;
window.addEventListener('hashchange', () => window.location.reload());

createRoot(document.getElementById('root') as HTMLElement).render(
  <ThemeContext.Provider value={THEME}>
    <GlobalStyles />
    <PanelContextProvider value={{ eventBus: BUS, eventsScope: 'page' }}>
      <main style={{ padding: 24, display: 'flex', flexWrap: 'wrap', gap: 32, alignItems: 'flex-start' }}>
        <header style={{ width: '100%' }}>
          <h1 style={{ fontSize: 22, margin: 0 }}>The heatmap panel in every mode</h1>
          <a href={isDark ? '#light' : '#dark'} style={{ color: THEME.colors.text.link }}>
            {isDark ? 'In light' : 'In dark'}
          </a>
        </header>
        {SCENES.map((scene) => (
          <Shown key={scene.id} scene={scene} />
        ))}
      </main>
    </PanelContextProvider>
  </ThemeContext.Provider>,
);

/** What is done on each scene for its picture. */
(window as unknown as { gestures: unknown }).gestures = SCENES.map(({ id, drag, menu, hover }) => ({
  id,
  drag,
  menu,
  hover,
}));

/** A page that plays Grafana: loads the built bundle and renders its parts with real packages. The test steers it through `window.host`. */
import {
  createTheme,
  dataFrameFromJSON,
  EventBusSrv,
  getDefaultTimeRange,
  LoadingState,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  type DataFrameJSON,
  type DataSourceInstanceSettings,
  type DataSourcePlugin,
  type GrafanaTheme2,
  type PanelPlugin,
} from '@grafana/data';
import { setBackendSrv, setDataSourceSrv, setTemplateSrv } from '@grafana/runtime';
import { GlobalStyles, PanelContextProvider } from '@grafana/ui';
import React, { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { from, of } from 'rxjs';
import { loadModule, shared } from './modules.ts';

/** In `@grafana/data` now, in `@grafana/ui` before. */
const { ThemeContext } = { ...(shared['@grafana/ui'] as object), ...(shared['@grafana/data'] as object) } as {
  ThemeContext: React.Context<GrafanaTheme2>;
};

interface Calls {
  readonly requests: { url: string; method: string }[];
  readonly changes: unknown[];
  /** Expressions that the panel asked by itself. */
  readonly exprs: string[];
  runs: number;
}

const calls: Calls = { requests: [], changes: [], exprs: [], runs: 0 };
/** What the data source behind a panel answers. */
let allSeries: readonly DataFrameJSON[] = [];
/** Answers of the data source's resources by path. */
let resources: Record<string, unknown> = {};

setBackendSrv({
  fetch: (options: { url: string; method?: string }) => {
    calls.requests.push({ url: options.url, method: options.method ?? 'GET' });
    const path = Object.keys(resources).find((key) => options.url.includes(key));
    return from([
      { data: path === undefined ? { status: 'success', data: [] } : resources[path], status: 200, ok: true },
    ]);
  },
} as never);
setDataSourceSrv({
  get: () =>
    Promise.resolve({
      type: 'prometheus',
      query: ({ targets }: { targets: { expr: string }[] }) => {
        calls.exprs.push(...targets.map(({ expr }) => expr));
        return of({ data: allSeries.map((frame) => dataFrameFromJSON(frame)) });
      },
    }),
} as never);
setTemplateSrv({ replace: (text: string) => text, getVariables: () => [] } as never);

// Grafana registers the editors of options by these names; the panel's options are read here for their defaults alone.
const OPTION_EDITORS = [
  'multi-select',
  'select',
  'radio',
  'unit',
  'number',
  'boolean',
  'text',
  'slider',
  'color',
  'strings',
  'timezone',
];
standardEditorsRegistry.setInit(() => OPTION_EDITORS.map((id) => ({ id, name: id, editor: () => null })) as never);
standardFieldConfigEditorRegistry.setInit(() => []);

const root = createRoot(document.getElementById('root') as HTMLElement);

function show(isDark: boolean, children: React.ReactNode): void {
  const theme = createTheme({ colors: { mode: isDark ? 'dark' : 'light' } });
  document.body.style.background = theme.colors.background.canvas;
  root.render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      {children}
    </ThemeContext.Provider>,
  );
}

const settings = {
  id: 1,
  uid: 'isotherm',
  name: 'Isotherm',
  type: 'isotherm-metrics-datasource',
  jsonData: {},
  meta: { id: 'isotherm-metrics-datasource' },
} as unknown as DataSourceInstanceSettings<never>;

const host = {
  calls,
  async panel(
    frames: DataFrameJSON[],
    options: Record<string, unknown>,
    isDark: boolean,
    answer: DataFrameJSON[] = [],
  ): Promise<void> {
    allSeries = answer;
    const { plugin } = await loadModule<{ plugin: PanelPlugin }>('plugin/panel/module.js');
    const Panel = plugin.panel as unknown as React.ComponentType<Record<string, unknown>>;
    const timeRange = getDefaultTimeRange();
    const eventBus = new EventBusSrv();
    show(
      isDark,
      <PanelContextProvider value={{ eventBus, eventsScope: 'page' }}>
        <div id="panel" style={{ width: 900, height: 420 }}>
          <Panel
            id={1}
            data={{
              state: LoadingState.Done,
              series: frames.map((frame) => dataFrameFromJSON(frame)),
              timeRange,
              request: { requestId: 'Q1', targets: [{ refId: 'A', expr: 'x', datasource: { uid: 'prom' } }] },
            }}
            timeRange={timeRange}
            timeZone="utc"
            options={{ ...plugin.defaults, ...options }}
            fieldConfig={{ defaults: {}, overrides: [] }}
            width={900}
            height={420}
            transparent={false}
            title=""
            renderCounter={0}
            replaceVariables={(text: string) => text}
            onChangeTimeRange={(range: unknown) => calls.changes.push(range)}
            onOptionsChange={() => undefined}
            onFieldConfigChange={() => undefined}
            eventBus={eventBus}
          />
        </div>
      </PanelContextProvider>,
    );
  },
  async config(isDark: boolean, answers: Record<string, unknown> = {}): Promise<void> {
    resources = answers;
    const { plugin } = await loadModule<{ plugin: DataSourcePlugin<never> }>('plugin/datasource/module.js');
    const Editor = plugin.components.ConfigEditor as unknown as React.ComponentType<Record<string, unknown>>;
    const Kept = () => {
      const [options, setOptions] = useState<unknown>({
        url: '',
        jsonData: {},
        secureJsonData: {},
        secureJsonFields: { basicAuthPassword: true },
      });
      const change = (next: unknown) => {
        calls.changes.push(next);
        setOptions(next);
      };
      return <Editor options={options} onOptionsChange={change} />;
    };
    show(isDark, <Kept />);
  },
  async query(query: Record<string, unknown>, answers: Record<string, unknown>, isDark: boolean): Promise<void> {
    resources = answers;
    const { plugin } = await loadModule<{ plugin: DataSourcePlugin<never> }>('plugin/datasource/module.js');
    const DataSource = plugin.DataSourceClass as unknown as new (settings: unknown) => object;
    const datasource = new DataSource(settings);
    const Editor = plugin.components.QueryEditor as unknown as React.ComponentType<Record<string, unknown>>;
    const Kept = () => {
      const [kept, setKept] = useState(query);
      const change = (next: Record<string, unknown>) => {
        calls.changes.push(next);
        setKept(next);
      };
      return <Editor datasource={datasource} query={kept} onChange={change} onRunQuery={() => calls.runs++} />;
    };
    show(isDark, <Kept />);
  },
  /** The names that each part of the bundle exports. */
  async exportsOf(path: string): Promise<string[]> {
    return Object.keys(await loadModule<object>(path));
  },
};

export type Host = typeof host;
(window as unknown as { host: Host }).host = host;

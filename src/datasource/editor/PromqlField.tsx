import type { GrafanaTheme2 } from '@grafana/data';
import { getBackendSrv } from '@grafana/runtime';
import { TextArea, useTheme2 } from '@grafana/ui';
import React, { Suspense, useMemo } from 'react';
import { lastValueFrom } from 'rxjs';
import type { PromqlEditorProps } from '../../ui/PromqlEditor.tsx';
import { readable } from '../readable.ts';
import { tr } from '../../shared/texts/texts.ts';

/** Beside the module; AMD loaders give a module its own address. */
declare const amdModule: { readonly uri?: string; readonly id?: string } | undefined;
const CHUNK = 'promqlEditor.js';

interface Chunk {
  readonly receiveReact: (react: typeof React) => void;
  readonly PromqlEditor: React.ComponentType<PromqlEditorProps>;
}

export interface PromqlFieldProps {
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly onRun: () => void;
  /** Whose names are completed. */
  readonly uid: string;
}

/** The code editor is loaded when the first query is edited; until then, and where it cannot be loaded, a plain field takes its place. */
const LazyEditor = React.lazy(async (): Promise<{ default: React.ComponentType<PromqlEditorProps> }> => {
  try {
    const chunk = (await import(chunkAddress())) as Chunk;
    chunk.receiveReact(React);
    return { default: chunk.PromqlEditor };
  } catch {
    return { default: PlainEditor };
  }
});

function chunkAddress(): string {
  const own = (typeof amdModule === 'undefined' ? undefined : (amdModule.uri ?? amdModule.id)) ?? '';
  return new URL(CHUNK, new URL(own.split('?')[0], document.baseURI)).href;
}

/** One PromQL expression, with completion from the data source. Enter runs it. */
export function PromqlField({ value, onChange, onRun, uid }: PromqlFieldProps): React.JSX.Element {
  const theme = useTheme2();
  const look = useMemo(() => variablesOf(theme), [theme]);
  const remote = useMemo(
    () => ({ url: `/api/datasources/uid/${uid}/resources`, httpMethod: 'GET' as const, fetchFn: askGrafana }),
    [uid],
  );
  const props = {
    value,
    onChange,
    onRun,
    label: tr('PromQL expression'),
    placeholder: tr('Enter a PromQL query'),
    remote,
    readable,
  };
  return (
    <div style={look} onBlur={onRun}>
      <Suspense fallback={<PlainEditor {...props} />}>
        <LazyEditor {...props} />
      </Suspense>
    </div>
  );
}

function PlainEditor({ value, onChange, onRun, label, placeholder }: PromqlEditorProps): React.JSX.Element {
  return (
    <TextArea
      aria-label={label}
      rows={1}
      value={value}
      placeholder={placeholder}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.shiftKey) return;
        event.preventDefault();
        onRun();
      }}
    />
  );
}

/** `fetch` through Grafana, with its session and organisation. */
async function askGrafana(input: RequestInfo | URL): Promise<Response> {
  const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
  const answer = await lastValueFrom(getBackendSrv().fetch<unknown>({ url, method: 'GET', showErrorAlert: false }));
  return new Response(JSON.stringify(answer.data), {
    status: answer.status,
    headers: { 'content-type': 'application/json' },
  });
}

/** The names that the editor colours itself by, from Grafana's theme. */
function variablesOf(theme: GrafanaTheme2): React.CSSProperties {
  const { colors, typography, visualization, shadows, shape } = theme;
  const hue = (name: string) => visualization.getColorByName(name);
  return {
    '--text': colors.text.primary,
    '--dim': colors.text.secondary,
    '--faint': colors.text.disabled,
    '--accent': colors.primary.text,
    '--accent-soft': colors.action.selected,
    '--raised': colors.background.secondary,
    '--line': colors.border.weak,
    '--bad': colors.error.text,
    '--mono': typography.fontFamilyMonospace,
    '--font': typography.fontFamily,
    '--shadow-pop': shadows.z3,
    '--syntax-function': hue(theme.isDark ? 'light-blue' : 'dark-blue'),
    '--syntax-keyword': hue(theme.isDark ? 'light-purple' : 'dark-purple'),
    '--syntax-string': hue(theme.isDark ? 'light-green' : 'dark-green'),
    '--syntax-number': hue(theme.isDark ? 'light-orange' : 'dark-orange'),
    '--syntax-label': hue(theme.isDark ? 'light-yellow' : 'dark-yellow'),
    flex: 1,
    minWidth: 0,
    border: `1px solid ${colors.border.medium}`,
    borderRadius: shape.borderRadius(1),
    background: theme.components.input.background,
  } as React.CSSProperties;
}

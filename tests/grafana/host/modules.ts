/** What Grafana shares with plugins, from the real packages, and the small part of an AMD loader that bundles rely on. */
import * as emotionCss from '@emotion/css';
import * as grafanaData from '@grafana/data';
import * as grafanaRuntime from '@grafana/runtime';
import * as grafanaUi from '@grafana/ui';
import * as react from 'react';
import * as reactDom from 'react-dom';
import * as rxjs from 'rxjs';
import * as rxjsOperators from 'rxjs/operators';

export const shared: Readonly<Record<string, unknown>> = {
  react,
  'react-dom': reactDom,
  '@grafana/data': grafanaData,
  '@grafana/ui': grafanaUi,
  '@grafana/runtime': grafanaRuntime,
  rxjs,
  'rxjs/operators': rxjsOperators,
  '@emotion/css': emotionCss,
};

type Factory = (...modules: unknown[]) => unknown;

/** Loads one AMD file by its address, as a script tag does, and hands it the shared modules. Rejects if it asks for one that Grafana does not share. */
export async function loadModule<T>(url: string): Promise<T> {
  let defined: { dependencies: readonly string[]; factory: Factory } | undefined;
  const page = window as unknown as { define?: (dependencies: readonly string[], factory: Factory) => void };
  page.define = (dependencies, factory) => {
    defined = { dependencies, factory };
  };
  await new Promise<void>((resolve, reject) => {
    const script = document.createElement('script');
    script.src = url;
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(`${url} does not load`));
    document.head.append(script);
  });
  if (defined === undefined) throw new Error(`${url} defines no module`);
  const own = { uri: new URL(url, document.baseURI).href, id: url };
  const modules = defined.dependencies.map((name) => {
    if (name === 'module') return own;
    if (shared[name] === undefined) throw new Error(`${url} asks for ${name}, which Grafana does not share`);
    return shared[name];
  });
  return defined.factory(...modules) as T;
}

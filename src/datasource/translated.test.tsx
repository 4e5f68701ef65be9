/** With a language in which every text is told from English, nothing on the settings page and in the query editor is English. */
import { fireEvent, render } from '@testing-library/react';
import React from 'react';
import type { Catalogue } from '../shared/texts/catalogues.ts';
import { useCatalogue } from '../shared/texts/texts.ts';

const MARKED = new Proxy({}, { get: (_, text) => `⟦${String(text)}⟧` }) as Catalogue;
/** Names of formats and methods, examples, and what tests give. */
const NO_WORDS =
  /^(PromQL|SigV4|TLS|URL|eu-west-1|GET|POST|prometheus\.yml|Isotherm|\d+\w*|[a-z_]+)$|⟦|x_total|:\/\/|:\d|=|\$/;

beforeAll(() => useCatalogue(MARKED));
afterAll(() => useCatalogue(undefined));

function english(container: HTMLElement): string[] {
  const texts: string[] = [];
  const walker = document.createTreeWalker(container, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() !== null) {
    const { parentElement } = walker.currentNode;
    if (parentElement?.closest('style, svg, textarea, .cm-editor') === null)
      texts.push(walker.currentNode.textContent ?? '');
  }
  for (const element of container.querySelectorAll('[aria-label], [placeholder], [title]')) {
    for (const name of ['aria-label', 'placeholder', 'title']) texts.push(element.getAttribute(name) ?? '');
  }
  return texts.map((text) => text.trim()).filter((text) => /[a-z]{2}/i.test(text) && !NO_WORDS.test(text));
}

test.each(['collect', 'beside'])('the settings page, %s', async (mode) => {
  const { ConfigEditor } = await import('./config/ConfigEditor.tsx');
  const options = { url: '', jsonData: { mode, authMethod: 'sigv4' }, secureJsonData: {}, secureJsonFields: {} };
  const { container, getAllByText } = render(
    <ConfigEditor options={options as never} onOptionsChange={() => undefined} />,
  );
  expect(getAllByText('⟦Collect here⟧').length).toBeGreaterThan(0);
  expect(english(container)).toEqual([]);
});

test.each(['latency', 'builder', 'code'])('the query editor, %s', async (editorMode) => {
  const { QueryEditor } = await import('./QueryEditor.tsx');
  const datasource = {
    metricNames: () => Promise.resolve(new Set(['x_total'])),
    metrics: () => Promise.resolve([]),
    labelNames: () => Promise.resolve([]),
    uidForLinks: 'x',
  };
  const query = { refId: 'A', expr: 'rate(x_total[5m])', editorMode };
  const props = { datasource, query, onChange: () => undefined, onRunQuery: () => undefined };
  const { container, getByText } = render(
    <QueryEditor {...(props as unknown as React.ComponentProps<typeof QueryEditor>)} />,
  );
  fireEvent.click(getByText('⟦Explain⟧'));
  expect(english(container)).toEqual([]);
});

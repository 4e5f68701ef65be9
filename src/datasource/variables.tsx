import {
  CustomVariableSupport,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  type LegacyMetricFindQueryOptions,
  type MetricFindValue,
  type QueryEditorProps,
} from '@grafana/data';
import { InlineField, TextArea } from '@grafana/ui';
import React, { useEffect, useState } from 'react';
import { from, type Observable } from 'rxjs';
import type { MetricsQuery } from '../shared/api/grafanaQuery.ts';
import type { MetricsOptions } from './options.ts';
import { previewWords } from './variableQuery.ts';
import { tr } from '../shared/texts/texts.ts';

/** A variable's query as dashboards keep it. */
export interface VariableModel {
  readonly refId: string;
  readonly query: string;
}

type AnySource = DataSourceApi<MetricsQuery, MetricsOptions>;
type FindValues = (query: unknown, options: LegacyMetricFindQueryOptions) => Promise<MetricFindValue[]>;

/** Variables with an editor of their own; `find` answers as `metricFindQuery` does. */
export class MetricsVariables extends CustomVariableSupport<AnySource, VariableModel, MetricsQuery, MetricsOptions> {
  private readonly find: FindValues;

  constructor(find: FindValues) {
    super();
    this.find = find;
  }

  override editor = VariableEditor;

  override query = (request: DataQueryRequest<VariableModel>): Observable<DataQueryResponse> => {
    const target = request.targets[0] as VariableModel | string | undefined;
    const options = { scopedVars: request.scopedVars, range: request.range };
    return from(this.find(target, options).then((data) => ({ data })));
  };
}

type VariableEditorProps = QueryEditorProps<AnySource, MetricsQuery, MetricsOptions, VariableModel>;

/** The question of a variable, and the values that it has now. */
function VariableEditor({ query, datasource, onChange }: VariableEditorProps): React.JSX.Element {
  // Dashboards of the Prometheus data source may keep the text alone.
  const kept = typeof query === 'string' ? query : (query?.query ?? '');
  const [text, setText] = useState(kept);
  return (
    <>
      <InlineField
        label={tr('Query')}
        labelWidth={20}
        grow
        tooltip={tr(
          'label_values(metric, label), label_values(label), label_names(), metrics(pattern), query_result(expression), or a series selector',
        )}
      >
        <TextArea
          aria-label={tr('Variable query')}
          rows={1}
          value={text}
          placeholder="label_values(model_prediction_latency_seconds_count, model)"
          onChange={(event) => setText(event.currentTarget.value)}
          onBlur={() => onChange({ refId: 'MetricsVariableQuery', query: text })}
        />
      </InlineField>
      <Preview datasource={datasource} query={kept} />
    </>
  );
}

function Preview({ datasource, query }: { datasource: AnySource; query: string }): React.JSX.Element | null {
  const [found, setFound] = useState<string>();
  useEffect(() => {
    let gone = false;
    const say = (words: string) => {
      if (!gone) setFound(words);
    };
    if (query.trim() === '') say('');
    else {
      const values: Promise<MetricFindValue[]> = datasource.metricFindQuery?.(query) ?? Promise.resolve([]);
      values.then(
        (all) => say(previewWords(all.map(({ text }) => text))),
        (error: Error) => say(tr('no values: {0}', error.message)),
      );
    }
    return () => {
      gone = true;
    };
  }, [datasource, query]);
  return found === undefined || found === '' ? null : (
    <p role="status" aria-label={tr('Values of the variable')}>
      {found}
    </p>
  );
}

/** Questions beside the panel's own, put to whatever data source it shows. */
import {
  LoadingState,
  type DataFrame,
  type DataQuery,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  type PanelData,
} from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { tr } from '../../shared/texts/texts.ts';

interface PromLikeQuery extends DataQuery {
  expr?: string;
  format?: string;
  range?: boolean;
  instant?: boolean;
  exemplar?: boolean;
  live?: boolean;
  legendFormat?: string;
}

/** The data source behind the panel's data; undefined where the host tells of none. */
export async function sourceOf(data: PanelData): Promise<DataSourceApi | undefined> {
  const target = data.request?.targets.find((one) => (one as PromLikeQuery).expr !== undefined);
  if (target?.datasource === undefined || target.datasource === null) return undefined;
  return getDataSourceSrv().get(target.datasource);
}

/**
 * Asks expressions over the panel's own range and step.
 *
 * @param exprs by refId: of the panel's query where it has one of that name, else new.
 * @param format as the data source names it; undefined keeps that of the query.
 */
export async function askFrames(
  data: PanelData,
  exprs: readonly { readonly refId: string; readonly expr: string }[],
  format?: string,
): Promise<DataFrame[]> {
  const { request } = data;
  const source = await sourceOf(data);
  if (request === undefined || source === undefined) {
    throw new Error(tr('This host does not say where the data comes from, so nothing else can be asked of it'));
  }
  const first = request.targets[0] as PromLikeQuery;
  const targets = exprs.map(({ refId, expr }): PromLikeQuery => {
    const own = (request.targets.find((one) => one.refId === refId) ?? first) as PromLikeQuery;
    return {
      ...own,
      refId,
      expr,
      range: true,
      instant: false,
      exemplar: false,
      live: false,
      hide: false,
      ...(format === undefined ? {} : { format, legendFormat: '' }),
    };
  });
  // What streams has moved on since it was asked for.
  const range = data.state === LoadingState.Streaming ? data.timeRange : request.range;
  const asked = { ...request, range, targets, requestId: `${request.requestId}-isotherm-${exprs[0]?.refId ?? ''}` };
  const answer = source.query(asked as DataQueryRequest) as Observable<DataQueryResponse> | Promise<DataQueryResponse>;
  const response = await lastValueFrom(from(answer));
  const failed = response.errors?.[0] ?? response.error;
  if (failed !== undefined)
    throw new Error(failed.message ?? failed.data?.message ?? tr('the data source gave no reason'));
  return response.data as DataFrame[];
}

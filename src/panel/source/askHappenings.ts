import type { DataFrame, PanelData } from '@grafana/data';
import { askFrames } from './ask.ts';
import { versionsExpr } from '../../shared/explain/counters.ts';
import { resetsExpr } from './expression.ts';
import { NOTHING_HAPPENED, resetsOf, versionsOf, type Happenings } from './happenings.ts';

/** @param stepMs of the maps. @param wanted what is not known yet. Rejects if the data source cannot be asked. */
export async function askHappenings(
  data: PanelData,
  expr: string,
  stepMs: number,
  wanted: { readonly versions: boolean; readonly resets: boolean },
): Promise<Happenings> {
  const asked = [
    { refId: 'isotherm-versions', expr: wanted.versions ? versionsExpr(expr) : undefined },
    { refId: 'isotherm-resets', expr: wanted.resets && hidesResets(expr) ? resetsExpr(expr, stepMs) : undefined },
  ].filter((one): one is { refId: string; expr: string } => one.expr !== undefined);
  if (asked.length === 0) return NOTHING_HAPPENED;
  const frames = await askFrames(data, asked, 'time_series');
  const of = (refId: string): DataFrame[] => frames.filter((frame) => frame.refId === refId);
  return { versions: versionsOf(of('isotherm-versions')), resets: resetsOf(of('isotherm-resets'), stepMs) };
}

/** Of plain counters the panel sees it by itself. */
const hidesResets = (expr: string): boolean => /\b(i?rate|increase)\s*\(/.test(expr);

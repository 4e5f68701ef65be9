/** Samples as they are stored, without functions over them, as CSV. */
import type { ApiQueryData } from '../../shared/api/prometheus.ts';
import { childrenOf, type Expr, type VectorSelector } from '../../shared/promql/ast.ts';
import { formatExpr } from '../../shared/promql/format.ts';
import { formatLabels, labelsOf } from '../../shared/model/labels.ts';
import { parseExpr } from '../../shared/promql/parser.ts';

/** What an expression reads, as range selectors over so many seconds; each once. Throws where it is no PromQL. */
export function rawSelectors(expr: string, rangeSeconds: number): string[] {
  const found = new Set<string>();
  const visit = (node: Expr): void => {
    if (node.kind === 'selector') found.add(whole(node, rangeSeconds));
    else childrenOf(node).forEach(visit);
  };
  visit(parseExpr(expr, { experimental: true }));
  return [...found];
}

const whole = (selector: VectorSelector, seconds: number): string =>
  `${formatExpr({ ...selector, offset: undefined, at: undefined, extension: undefined })}[${Math.max(1, Math.ceil(seconds))}s]`;

/** A line a sample: series, time (ISO), value; of a native histogram count and sum. What a spreadsheet would run as a formula is a text. */
export function samplesCsv(answers: readonly ApiQueryData[]): string {
  const lines = ['series,time,value,count,sum'];
  for (const answer of answers) {
    if (answer.resultType !== 'matrix') continue;
    for (const { metric, values = [], histograms = [] } of answer.result) {
      const series = quotedCell(formatLabels(labelsOf(metric)));
      for (const [seconds, value] of values) lines.push(`${series},${isoOf(seconds)},${value},,`);
      for (const [seconds, { count, sum }] of histograms) lines.push(`${series},${isoOf(seconds)},,${count},${sum}`);
    }
  }
  return `${lines.join('\r\n')}\r\n`;
}

const isoOf = (seconds: number): string => new Date(Math.round(seconds * 1000)).toISOString();
const quotedCell = (text: string): string =>
  `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

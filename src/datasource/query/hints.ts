/** What often goes wrong in an expression, seen from its text alone and without a question to the server, with the text that mends it. */
import { childrenOf, type Aggregation, type Expr, type VectorSelector } from '../../shared/promql/ast.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { readable } from '../readable.ts';
import { tr } from '../../shared/texts/texts.ts';

export interface Hint {
  readonly text: string;
  /** What the button says, and the whole expression after it; absent where only the user knows. */
  readonly fix?: { readonly label: string; readonly expr: string };
}

const OVER_COUNTERS = new Set(['rate', 'increase', 'irate', 'resets', 'absent_over_time', 'count_over_time']);
const COUNTER = /_(total|count|sum|bucket)$/;
const OF_HISTOGRAMS = new Set(['histogram_quantile', 'histogram_fraction']);

/** Names that serving systems gave up, and what they are called now. */
export const RENAMED: Readonly<Record<string, string>> = {
  'vllm:gpu_cache_usage_perc': 'vllm:kv_cache_usage_perc',
  'vllm:time_per_output_token_seconds': 'vllm:inter_token_latency_seconds',
  'vllm:gpu_prefix_cache_queries': 'vllm:prefix_cache_queries',
  'vllm:gpu_prefix_cache_hits': 'vllm:prefix_cache_hits',
};

interface Around {
  readonly call: string;
  readonly aggregation: Aggregation | undefined;
  readonly ofHistogram: boolean;
}

/** @param known names of metrics, where they are at hand: then also those are told of that are called otherwise now. */
export function hintsFor(expr: string, known?: ReadonlySet<string>): Hint[] {
  let tree: Expr;
  try {
    tree = parseExpr(readable(expr));
  } catch {
    return [];
  }
  const hints: Hint[] = [];
  const visit = (node: Expr, around: Around) => {
    if (node.kind === 'selector') hints.push(...ofSelector(expr, node, around, known));
    else if (node.kind === 'range') hints.push(...ofSelector(expr, node.selector, around, known));
    else if (node.kind === 'aggregation') {
      hints.push(...ofAggregation(expr, node, around));
      visit(node.expr, { ...around, aggregation: around.aggregation ?? node });
    } else if (node.kind === 'call') {
      if (
        OVER_COUNTERS.has(node.func) &&
        node.args.some((argument) => argument.kind === 'subquery' && argument.expr.kind === 'aggregation')
      )
        hints.push({
          text: tr(
            '{0} of a sum: a restart of one instance looks like a reset of all; take {1} first and sum afterwards',
            node.func,
            node.func,
          ),
        });
      const inner = {
        call: node.func,
        aggregation: around.aggregation,
        ofHistogram: around.ofHistogram || OF_HISTOGRAMS.has(node.func),
      };
      childrenOf(node).forEach((child) => visit(child, inner));
    } else childrenOf(node).forEach((child) => visit(child, around));
  };
  visit(tree, { call: '', aggregation: undefined, ofHistogram: false });
  return hints;
}

function ofSelector(
  expr: string,
  node: VectorSelector,
  around: Around,
  known: ReadonlySet<string> | undefined,
): Hint[] {
  const name = expr.slice(node.from, node.from + (node.name?.length ?? 0));
  const own = expr.slice(node.from, node.to);
  const hints: Hint[] = [];
  const isCounted = COUNTER.test(name) && !OVER_COUNTERS.has(around.call) && around.call !== 'histogram_count';
  if (isCounted && !/_over_time$|^(delta|deriv|timestamp|absent|changes)$/.test(around.call)) {
    hints.push({
      text: tr('{0} only grows: what is drawn is its sum since each process began', name),
      fix: { label: 'rate(…)', expr: replaced(expr, node.from, node.to, `rate(${own}[$__rate_interval])`) },
    });
  }
  const current = RENAMED[name.replace(/_(bucket|count|sum|total)$/, '')];
  if (current !== undefined && known !== undefined && !known.has(name)) {
    const renamed = name.replace(/^.*?(_(?:bucket|count|sum|total))?$/, `${current}$1`);
    if (known.has(renamed)) {
      const fixed = replaced(expr, node.from, node.from + name.length, renamed);
      hints.push({
        text: tr('{0} is not here; newer versions call it {1}', name, renamed),
        fix: { label: tr('Rename'), expr: fixed },
      });
    }
  }
  return hints;
}

/** `le` has to stay for a quantile, and by histogram for a heatmap. */
function ofAggregation(expr: string, node: Aggregation, around: Around): Hint[] {
  if (node.without || node.grouping.includes('le') || !readsBuckets(node.expr)) return [];
  const head = expr.slice(node.from, node.to);
  const grouped = /^(\w+\s*by\s*\()\s*/.exec(head);
  const after = /\)\s*by\s*\(\s*(?=[^()]*\)$)/.exec(head);
  let fixed: string;
  if (grouped !== null) fixed = head.replace(grouped[1], `${grouped[1]}${node.grouping.length > 0 ? 'le, ' : 'le'}`);
  else if (after !== null)
    fixed = `${head.slice(0, after.index)}${after[0]}${node.grouping.length > 0 ? 'le, ' : 'le'}${head.slice(after.index + after[0].length)}`;
  else fixed = head.replace(/^\w+\s*/, (op) => `${op.trim()} by (le) `);
  const fix = { label: tr('Keep le'), expr: replaced(expr, node.from, node.to, fixed) };
  const text = around.ofHistogram
    ? tr('the buckets are added up before the quantile: le must stay')
    : tr(
        'the buckets are added up, so each observation counts once for every bucket above it; keep le for a heatmap, or use _count for the number',
      );
  return [{ text, fix }];
}

function readsBuckets(expr: Expr): boolean {
  if (expr.kind === 'selector') return /_bucket$/.test(expr.name ?? '');
  if (expr.kind === 'range') return /_bucket$/.test(expr.selector.name ?? '');
  if (expr.kind === 'aggregation' && !expr.without && !expr.grouping.includes('le')) return false;
  return childrenOf(expr).some(readsBuckets);
}

function replaced(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}

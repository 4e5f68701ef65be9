import React, { useMemo } from 'react';
import { shortened } from '../../shared/model/visible.ts';
import { useFetched } from '../api/useFetched.ts';
import { formatSeconds, formatShort } from '../text.ts';
import { PARTS_MAX, figuresOf, partsOf, planOf } from './plan.ts';
import type { PlanFigures, PlanNode } from './plan.ts';

/** The bar of the slowest part. */
const BAR_PIXELS = 90;

interface PlanTreeProps {
  readonly expr: string;
  /** Milliseconds: when the parts are asked. */
  readonly time: number;
  readonly onPick: (expr: string) => void;
}

/** The expression as a tree, with what each part amounts to at the end of the range. */
export function PlanTree({ expr, time, onPick }: PlanTreeProps) {
  const plan = useMemo(() => planOf(expr), [expr]);
  const parts = useMemo(() => (plan === undefined ? [] : partsOf(plan)), [plan]);
  const figures = useFetched(
    plan === undefined || parts.length > PARTS_MAX ? undefined : `${expr} ${time}`,
    (signal) => fetchFigures(parts, time, signal),
    expr,
  );
  if (plan === undefined) return null;
  const slowest = Math.max(
    ...[...(figures.data?.values() ?? [])].map((one) => (one instanceof Error ? 0 : one.ms)),
    1e-3,
  );
  return (
    <section className="plan" aria-label="The expression part by part">
      <ul className="plan-tree">
        <PlanItem node={plan} figures={figures.data} slowest={slowest} onPick={onPick} />
      </ul>
      <p className="dim">
        {parts.length > PARTS_MAX
          ? `The expression has ${parts.length} parts; up to ${PARTS_MAX} are measured.`
          : 'Each part is asked by itself at the end of the range; its time holds that of the parts below it.'}
      </p>
    </section>
  );
}

type Figures = ReadonlyMap<PlanNode, PlanFigures | Error>;

async function fetchFigures(parts: readonly PlanNode[], time: number, signal: AbortSignal): Promise<Figures> {
  const found = new Map<PlanNode, PlanFigures | Error>();
  // One after the other: parts that compete tell nothing of their time.
  for (const part of parts) {
    if (part.countExpr === undefined) continue;
    found.set(part, await figuresOf(part.countExpr, time, signal).catch((error: Error) => error));
    signal.throwIfAborted();
  }
  return found;
}

interface PlanItemProps {
  readonly node: PlanNode;
  readonly figures: Figures | undefined;
  readonly slowest: number;
  readonly onPick: (expr: string) => void;
}

function PlanItem({ node, figures, slowest, onPick }: PlanItemProps) {
  const own = figures?.get(node);
  return (
    <li>
      <div className="plan-node">
        <button
          type="button"
          className="plan-label"
          title={`Query ${shortened(node.text)}`}
          onClick={() => onPick(node.text)}
        >
          <code>{shortened(node.label, 400)}</code>
        </button>
        <PlanNumbers own={own} waits={figures === undefined && node.countExpr !== undefined} slowest={slowest} />
      </div>
      {node.children.length > 0 && (
        <ul>
          {node.children.map((child, i) => (
            <PlanItem key={i} node={child} figures={figures} slowest={slowest} onPick={onPick} />
          ))}
        </ul>
      )}
    </li>
  );
}

function PlanNumbers({
  own,
  waits,
  slowest,
}: {
  own: PlanFigures | Error | undefined;
  waits: boolean;
  slowest: number;
}) {
  if (waits) return <span className="dim">…</span>;
  if (own === undefined) return null;
  if (own instanceof Error) return <span className="action-fault">{shortened(own.message, 400)}</span>;
  return (
    <span className={`plan-numbers num ${own.series === 0 ? 'plan-nothing' : ''}`}>
      <span>{own.series === 0 ? 'no series' : `${formatShort(own.series)} series`}</span>
      {!Number.isNaN(own.samples) && <span>{formatShort(own.samples)} samples</span>}
      {!Number.isNaN(own.ms) && (
        <span className="plan-time">
          <span className="plan-bar" style={{ width: `${Math.max(2, (BAR_PIXELS * own.ms) / slowest)}px` }} />
          <span>{formatSeconds(own.ms / 1000)}</span>
        </span>
      )}
    </span>
  );
}

/**
 * Vector matching step by step, for rows that may be in each other's way at some steps, and for sides that are filled where they have no
 * sample. Rules: Prometheus promql/engine.go, VectorBinop.
 */
import type { Binary, VectorMatching } from '../../shared/promql/ast.ts';
import { isTrim } from '../../shared/promql/ast.ts';
import { compareText, formatLabelSet, labelsKey, type Labels } from '../../shared/model/labels.ts';
import { QueryError } from '../storage/engine.ts';
import type { Budget } from './budget.ts';
import { matchLabels, signatureBy } from './matching.ts';
import { clearHistograms, heldRows, materialize, newRow, putCell, type Row, type VectorRows } from './rows.ts';

/**
 * Writes op(many, one) for one step into `out`, or leaves it absent where a comparison does not hold.
 *
 * @param rank of the pair among those of the step, for what is told of it.
 */
export type Combine = (many: Row, one: Row, out: Row, step: number, rank: number) => void;

export interface Sides {
  readonly node: Binary;
  readonly matching: VectorMatching;
  readonly many: VectorRows;
  readonly one: VectorRows;
  readonly combine: Combine;
  readonly labelsOf: (many: Labels, one: Labels) => Labels;
}

/** One side, held, with a number for each signature. */
interface Side {
  readonly labels: readonly Labels[];
  readonly rows: readonly Row[];
  readonly signatures: Int32Array;
}

/** A label set, or a stand-in's where a side is filled, with its row. */
interface Operand {
  readonly labels: Labels;
  readonly row: Row;
}

export async function matchByStep(sides: Sides, steps: number, budget: Budget): Promise<VectorRows> {
  const { many, one, matching } = sides;
  const numbers = new Map<string, number>();
  const signature = signatureBy(matching);
  const numberOf = (labels: Labels): number => {
    const key = signature(labels);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
  const held = async (rows: VectorRows): Promise<Side> => ({
    labels: rows.labels,
    rows: await materialize(rows, steps, budget),
    signatures: Int32Array.from(rows.labels, numberOf),
  });
  const matcher = new StepMatcher(sides, await held(many), await held(one), numbers.size, steps, budget);
  for (let i = 0; i < steps; i++) {
    matcher.match(i);
    if (budget.isDue()) await budget.pause();
  }
  return matcher.result();
}

class StepMatcher {
  private readonly sides: Sides;
  private readonly many: Side;
  private readonly one: Side;
  private readonly steps: number;
  private readonly budget: Budget;
  /** By signature: the row of the "one" side that has a sample at this step, or -1. */
  private readonly oneBySignature: Int32Array;
  /** By signature: whether it has met at this step. */
  private readonly met: Uint8Array;
  private readonly fillMany: Row | undefined;
  private readonly fillOne: Row | undefined;
  private readonly scratch: Row;
  private readonly labels: Labels[] = [];
  private readonly rows: Row[] = [];
  private readonly placeByKey = new Map<string, number>();
  private readonly placesByMany = new Map<Labels, Map<Labels, number>>();
  private readonly standIns = new Map<Labels, Labels>();
  /** Signature that a result came from at this step, by place; -1 for none. */
  private owners: number[] = [];
  private rank = 0;

  constructor(sides: Sides, many: Side, one: Side, signatures: number, steps: number, budget: Budget) {
    this.sides = sides;
    this.many = many;
    this.one = one;
    this.steps = steps;
    this.budget = budget;
    this.oneBySignature = new Int32Array(signatures);
    this.met = new Uint8Array(signatures);
    this.scratch = newRow(steps);
    // Upstream fills the "one" side with what is said of the right, whichever side it is.
    const { left, right } = sides.matching.fill ?? {};
    this.fillMany = left === undefined ? undefined : filled(left, steps);
    this.fillOne = right === undefined ? undefined : filled(right, steps);
  }

  match(i: number): void {
    const { many, one, fillMany, fillOne, oneBySignature } = this;
    const someMany = many.rows.some((row) => row.present[i] === 1);
    const someOne = one.rows.some((row) => row.present[i] === 1);
    const isFilled = fillMany !== undefined || fillOne !== undefined;
    if (!(someMany && someOne) && !(isFilled && (someMany || someOne))) return;
    this.enterOnes(i);
    this.met.fill(0);
    this.owners = this.owners.fill(-1);
    many.rows.forEach((row, m) => {
      if (row.present[i] === 0) return;
      const signature = many.signatures[m];
      const found = oneBySignature[signature];
      const operand = { labels: many.labels[m], row };
      if (found >= 0) this.operate(operand, { labels: one.labels[found], row: one.rows[found] }, signature, i);
      else if (fillOne !== undefined)
        this.operate(operand, { labels: this.standIn(many.labels[m]), row: fillOne }, signature, i);
    });
    if (fillMany === undefined) return;
    one.rows.forEach((row, o) => {
      const signature = one.signatures[o];
      if (row.present[i] === 0 || this.met[signature] === 1) return;
      this.operate(
        { labels: this.standIn(one.labels[o]), row: fillMany },
        { labels: one.labels[o], row },
        signature,
        i,
      );
    });
  }

  result(): VectorRows {
    return heldRows(this.labels, this.rows);
  }

  /** @throws QueryError where two rows of the "one" side share a signature. */
  private enterOnes(i: number): void {
    const { one, oneBySignature } = this;
    oneBySignature.fill(-1);
    one.rows.forEach((row, o) => {
      if (row.present[i] === 0) return;
      const signature = one.signatures[o];
      if (oneBySignature[signature] >= 0) throw this.duplicates(one.labels[oneBySignature[signature]], one.labels[o]);
      oneBySignature[signature] = o;
    });
  }

  private duplicates(a: Labels, b: Labels): QueryError {
    const { matching } = this.sides;
    const group = formatLabelSet(matchLabels(b, matching));
    const side = matching.group === 'right' ? 'left' : 'right';
    const pair = [a, b].map(formatLabelSet).sort(compareText).join(', ');
    return new QueryError(
      'execution',
      `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: [${pair}]` +
        ';many-to-many matching not allowed: matching labels must be unique on one side',
    );
  }

  private operate(many: Operand, one: Operand, signature: number, i: number): void {
    const { sides, scratch, met, owners } = this;
    scratch.present[i] = 0;
    clearHistograms(scratch);
    sides.combine(many.row, one.row, scratch, i, this.rank++);
    const isThere = scratch.present[i] === 1;
    if (!isThere && !isComparable(many.row, one.row, i, sides.node)) return;
    const isGrouped = sides.matching.group !== undefined;
    if (!isGrouped && met[signature] === 1) {
      const advice = 'many-to-one matching must be explicit (group_left/group_right)';
      throw new QueryError('execution', `multiple matches for labels: ${advice}`);
    }
    met[signature] = 1;
    const place = this.placeOf(many.labels, one.labels);
    if (isGrouped && owners[place] === signature) {
      throw new QueryError('execution', 'multiple matches for labels: grouping labels must ensure unique matches');
    }
    owners[place] = signature;
    if (!isThere) return;
    putCell(this.rows[place], scratch, i);
  }

  /** Where a pair's result is kept. */
  private placeOf(many: Labels, one: Labels): number {
    let places = this.placesByMany.get(many);
    if (places === undefined) this.placesByMany.set(many, (places = new Map<Labels, number>()));
    let place = places.get(one);
    if (place !== undefined) return place;
    const labels = this.sides.labelsOf(many, one);
    const key = labelsKey(labels);
    place = this.placeByKey.get(key);
    if (place === undefined) {
      place = this.rows.length;
      this.placeByKey.set(key, place);
      this.budget.hold(this.steps);
      this.labels.push(labels);
      this.rows.push(newRow(this.steps));
      this.owners.push(-1);
    }
    places.set(one, place);
    return place;
  }

  private standIn(labels: Labels): Labels {
    const known = this.standIns.get(labels);
    if (known !== undefined) return known;
    const made = matchLabels(labels, this.sides.matching);
    this.standIns.set(labels, made);
    return made;
  }
}

function filled(value: number, steps: number): Row {
  const row = newRow(steps);
  row.values.fill(value);
  row.present.fill(1);
  return row;
}

/** Whether two samples are of kinds that can be compared: then they count as a match, though the comparison may not hold. */
function isComparable(left: Row, right: Row, i: number, { op }: Binary): boolean {
  const [a, b] = [left.histograms.has(i), right.histograms.has(i)];
  return a === b && !isTrim(op) && (!a || op === '==' || op === '!=');
}

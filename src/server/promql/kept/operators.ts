/** Operators and functions of kept rows. */
import { isComparison, isSetOp, isTrim, type Binary } from '../../../shared/promql/ast.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import { matchingOf, signatureBy } from '../matching.ts';
import { ARITHMETIC, COMPARE } from '../operators.ts';
import { newRow, type Row } from '../rows.ts';
import { pairsOf, type Pair } from '../vectorMatching.ts';
import { distinct, unnamedSets } from './labelSets.ts';
import { NotKept, type KeptRows, type KeptScalar } from './nodes.ts';

export class KeptNumber implements KeptScalar {
  readonly kind = 'scalar';
  readonly #compute: (t: number) => number;
  value = NaN;

  constructor(compute: (t: number) => number) {
    this.#compute = compute;
  }

  shape(): void {}

  evaluate(t: number): boolean {
    this.value = this.#compute(t);
    return true;
  }
}

/** From the values of other scalars. */
export class KeptComputed implements KeptScalar {
  readonly kind = 'scalar';
  readonly #compute: (...values: number[]) => number;
  readonly #args: readonly KeptScalar[];
  value = NaN;

  constructor(compute: (...values: number[]) => number, args: readonly KeptScalar[]) {
    this.#compute = compute;
    this.#args = args;
  }

  shape(): void {
    for (const arg of this.#args) arg.shape();
  }

  evaluate(t: number): boolean {
    for (const arg of this.#args) if (!arg.evaluate(t)) return false;
    this.value = this.#compute(...this.#args.map(({ value }) => value));
    return true;
  }
}

/** scalar(): the only sample, NaN where there is none or more than one. */
export class KeptOnly implements KeptScalar {
  readonly kind = 'scalar';
  readonly #child: KeptRows;
  value = NaN;

  constructor(child: KeptRows) {
    this.#child = child;
  }

  shape(): void {
    this.#child.shape();
  }

  evaluate(t: number): boolean {
    if (!this.#child.evaluate(t)) return false;
    const { values, present } = this.#child.row;
    let count = 0;
    for (let s = 0; s < present.length; s++) if (present[s] === 1) this.value = count++ === 0 ? values[s] : NaN;
    if (count === 0) this.value = NaN;
    return true;
  }
}

/** vector(): a scalar as the only sample. */
export class KeptOne implements KeptRows {
  readonly kind = 'vector';
  readonly #child: KeptScalar;
  readonly row = newRow(1);

  constructor(child: KeptScalar) {
    this.#child = child;
  }

  shape(): readonly Labels[] {
    this.#child.shape();
    return [[]];
  }

  evaluate(t: number): boolean {
    if (!this.#child.evaluate(t)) return false;
    this.row.values[0] = this.#child.value;
    this.row.present[0] = 1;
    return true;
  }
}

/** absent(): 1 where there is no sample. */
export class KeptAbsent implements KeptRows {
  readonly kind = 'vector';
  readonly #child: KeptRows;
  readonly #labels: Labels;
  readonly row = newRow(1);

  constructor(child: KeptRows, labels: Labels) {
    this.#child = child;
    this.#labels = labels;
  }

  shape(): readonly Labels[] {
    this.#child.shape();
    return [this.#labels];
  }

  evaluate(t: number): boolean {
    if (!this.#child.evaluate(t)) return false;
    this.row.values[0] = 1;
    this.row.present[0] = this.#child.row.present.includes(1) ? 0 : 1;
    return true;
  }
}

/** Changes the sample of row s; `args` are the scalars' values. */
export type ChangeSample = (row: Row, s: number, args: readonly number[]) => void;

/** Rows that are changed in place, each by itself. */
export class KeptChange implements KeptRows {
  readonly kind = 'vector';
  readonly #child: KeptRows;
  readonly #args: readonly KeptScalar[];
  readonly #change: ChangeSample;
  readonly #relabel: (labels: readonly Labels[]) => readonly Labels[];

  /** @param relabel gives the label sets of the rows; without names if not given. */
  constructor(child: KeptRows, args: readonly KeptScalar[], change: ChangeSample, relabel = unnamedSets) {
    this.#child = child;
    this.#args = args;
    this.#change = change;
    this.#relabel = relabel;
  }

  get row(): Row {
    return this.#child.row;
  }

  shape(): readonly Labels[] {
    for (const arg of this.#args) arg.shape();
    return this.#relabel(this.#child.shape());
  }

  evaluate(t: number): boolean {
    if (!this.#child.evaluate(t)) return false;
    for (const arg of this.#args) if (!arg.evaluate(t)) return false;
    const args = this.#args.map(({ value }) => value);
    const { row } = this.#child;
    for (let s = 0; s < row.present.length; s++) if (row.present[s] === 1) this.#change(row, s, args);
    return true;
  }
}

/** Rows under other labels. @param change of each label set; two that become equal are left to the ordinary evaluation. */
export const keptUnderLabels = (child: KeptRows, change: (labels: Labels) => Labels) =>
  new KeptChange(
    child,
    [],
    () => undefined,
    (labels) => distinct(labels.map(change)),
  );

/** An operator between rows and a scalar. @param isFlipped the scalar is on the left. */
export function keptWithScalar({ op, bool }: Binary, rows: KeptRows, scalar: KeptScalar, isFlipped: boolean): KeptRows {
  if (isSetOp(op) || isTrim(op)) throw new NotKept();
  if (!isComparison(op)) {
    const compute = ARITHMETIC[op];
    return new KeptChange(rows, [scalar], ({ values }, s, [v]) => {
      values[s] = isFlipped ? compute(v, values[s]) : compute(values[s], v);
    });
  }
  const holds = COMPARE[op];
  const change: ChangeSample = ({ values, present }, s, [v]) => {
    const isKept = isFlipped ? holds(v, values[s]) : holds(values[s], v);
    if (bool) values[s] = isKept ? 1 : 0;
    else if (!isKept) present[s] = 0;
  };
  return new KeptChange(rows, [scalar], change, bool ? unnamedSets : (labels) => labels);
}

/** Arithmetic and comparison between rows of which each meets one at most. */
export class KeptPairs implements KeptRows {
  readonly kind = 'vector';
  readonly #node: Binary;
  readonly #lhs: KeptRows;
  readonly #rhs: KeptRows;
  readonly #operate: (left: number, right: number) => number | undefined;
  #left = new Int32Array(0);
  #right = new Int32Array(0);
  row: Row = newRow(0);

  constructor(node: Binary, lhs: KeptRows, rhs: KeptRows) {
    this.#node = node;
    this.#lhs = lhs;
    this.#rhs = rhs;
    this.#operate = operationOf(node);
  }

  shape(): readonly Labels[] {
    const left = this.#lhs.shape();
    const right = this.#rhs.shape();
    const isFlipped = matchingOf(this.#node.matching).group === 'right';
    const { pairs, isPlain } = pairsOf(this.#node, isFlipped ? right : left, isFlipped ? left : right, false);
    if (!isPlain) throw new NotKept();
    const places = (of: (pair: Pair) => number) => Int32Array.from(pairs, of);
    this.#left = places(({ many, one }) => (isFlipped ? one : many));
    this.#right = places(({ many, one }) => (isFlipped ? many : one));
    this.row = newRow(pairs.length);
    return pairs.map(({ labels }) => labels);
  }

  evaluate(t: number): boolean {
    if (!this.#lhs.evaluate(t) || !this.#rhs.evaluate(t)) return false;
    const { values, present } = this.row;
    const [left, right] = [this.#lhs.row, this.#rhs.row];
    for (let p = 0; p < present.length; p++) {
      const [l, r] = [this.#left[p], this.#right[p]];
      const isMet = left.present[l] === 1 && right.present[r] === 1;
      const result = isMet ? this.#operate(left.values[l], right.values[r]) : undefined;
      present[p] = result === undefined ? 0 : 1;
      if (result !== undefined) values[p] = result;
    }
    return true;
  }
}

function operationOf({ op, bool }: Binary): (left: number, right: number) => number | undefined {
  if (isSetOp(op) || isTrim(op)) throw new NotKept();
  if (!isComparison(op)) return ARITHMETIC[op];
  const holds = COMPARE[op];
  if (bool) return (left, right) => (holds(left, right) ? 1 : 0);
  return (left, right) => (holds(left, right) ? left : undefined);
}

/** and, or, unless. */
export class KeptSets implements KeptRows {
  readonly kind = 'vector';
  readonly #node: Binary;
  readonly #lhs: KeptRows;
  readonly #rhs: KeptRows;
  /** By row of each side: which signature it has. */
  #left = new Int32Array(0);
  #right = new Int32Array(0);
  #taken = new Uint8Array(0);
  row: Row = newRow(0);

  constructor(node: Binary, lhs: KeptRows, rhs: KeptRows) {
    this.#node = node;
    this.#lhs = lhs;
    this.#rhs = rhs;
  }

  shape(): readonly Labels[] {
    const left = this.#lhs.shape();
    const right = this.#rhs.shape();
    const signature = signatureBy(matchingOf(this.#node.matching));
    const numbers = new Map<string, number>();
    const numberOf = (labels: Labels) => {
      const key = signature(labels);
      const known = numbers.get(key);
      if (known === undefined) numbers.set(key, numbers.size);
      return known ?? numbers.size - 1;
    };
    this.#left = Int32Array.from(left, numberOf);
    this.#right = Int32Array.from(right, numberOf);
    this.#taken = new Uint8Array(numbers.size);
    const labels = this.#node.op === 'or' ? distinct([...left, ...right]) : left;
    this.row = newRow(labels.length);
    return labels;
  }

  evaluate(t: number): boolean {
    if (!this.#lhs.evaluate(t) || !this.#rhs.evaluate(t)) return false;
    const isUnion = this.#node.op === 'or';
    const taken = this.#taken.fill(0);
    const { values, present } = this.row;
    const [left, right] = [this.#lhs.row, this.#rhs.row];
    const [from, by] = isUnion ? [left, this.#left] : [right, this.#right];
    for (let s = 0; s < by.length; s++) taken[by[s]] |= from.present[s];
    const wanted = this.#node.op === 'unless' ? 0 : 1;
    for (let s = 0; s < this.#left.length; s++) {
      values[s] = left.values[s];
      present[s] = isUnion || taken[this.#left[s]] === wanted ? left.present[s] : 0;
    }
    if (!isUnion) return true;
    for (let s = 0, n = this.#left.length; s < this.#right.length; s++, n++) {
      values[n] = right.values[s];
      present[n] = taken[this.#right[s]] === 0 ? right.present[s] : 0;
    }
    return true;
  }
}

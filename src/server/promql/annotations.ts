/** Warnings and infos of a query, in upstream's words, each once. */
import type { Place } from '../../shared/promql/ast.ts';
import { formatGo } from '../../shared/model/numberText.ts';

/** Most of either kind that are answered; the rest are counted. */
const SHOWN_MAX = 10;

const NOTHING: readonly string[] = [];

export interface OperatorNote {
  readonly kind: 'warning' | 'info';
  readonly message: string;
  /** Which of the operator's pairs it is about, counted in upstream's order. */
  readonly rank: number;
}

/** Where something is told of, and what tells it: of the same words that stands which is evaluated last. */
interface Told {
  readonly place: Place;
  readonly teller: Place;
}

interface Repair {
  place: Place;
  metric: string;
  minBound: number;
  maxBound: number;
  maxDifference: number;
  samples: number;
  firstTime: number;
  lastTime: number;
}

export class Annotations {
  private readonly text: string;
  /** By what they say: of the same words at several places the last place is told, as upstream does. */
  private readonly warningsTold = new Map<string, Told>();
  private readonly infosTold = new Map<string, Told>();
  /** Of an operator's notes at one step only that of the last pair is told, as upstream does. */
  private readonly operatorNotes = new Map<Place, Map<number, OperatorNote>>();
  private readonly repairs = new Map<string, Repair>();

  constructor(text: string) {
    this.text = text;
  }

  /** Whether there is nothing to be told so far. */
  get isEmpty(): boolean {
    const { warningsTold, infosTold, operatorNotes, repairs } = this;
    return warningsTold.size + infosTold.size + operatorNotes.size + repairs.size === 0;
  }

  /** @param teller the node that tells it, where `place` is not its own. */
  warn(message: string, place: Place, teller = place): void {
    setLater(this.warningsTold, message, { place, teller });
  }

  /** @param teller as for a warning. */
  info(message: string, place: Place, teller = place): void {
    setLater(this.infosTold, message, { place, teller });
  }

  noteOfOperator(place: Place, step: number, note: OperatorNote): void {
    const steps = this.operatorNotes.get(place) ?? new Map<number, OperatorNote>();
    this.operatorNotes.set(place, steps);
    const known = steps.get(step);
    if (known === undefined || known.rank <= note.rank) steps.set(step, note);
  }

  /** @param bound the end of the range of ratios, which is taken instead. @param teller whose parameter it is. */
  invalidRatio(ratio: number, bound: number, place: Place, teller: Place): void {
    const message = `ratio value should be between -1 and 1, got ${formatGo(ratio)}, capping to ${formatGo(bound)}`;
    this.warn(message, place, teller);
  }

  /** @param place of the quantile. @param teller whose parameter it is. */
  invalidQuantile(q: number, place: Place, teller: Place): void {
    this.warn(`quantile value should be between 0 and 1, got ${formatGo(q)}`, place, teller);
  }

  /**
   * Counts of a classic histogram fell and were raised: told once, summed up.
   *
   * @param metric which one, in words; '' where it has no name any more.
   */
  forcedMonotonic(
    place: Place,
    metric: string,
    minBound: number,
    maxBound: number,
    maxDifference: number,
    time: number,
  ): void {
    const known = this.repairs.get(metric);
    if (known === undefined) {
      this.repairs.set(metric, {
        place,
        metric,
        minBound,
        maxBound,
        maxDifference,
        samples: 1,
        firstTime: time,
        lastTime: time,
      });
      return;
    }
    known.minBound = Math.min(known.minBound, minBound);
    known.maxBound = Math.max(known.maxBound, maxBound);
    known.maxDifference = Math.max(known.maxDifference, maxDifference);
    known.samples++;
    known.firstTime = Math.min(known.firstTime, time);
    known.lastTime = Math.max(known.lastTime, time);
  }

  get warnings(): readonly string[] {
    if (this.isEmpty) return NOTHING;
    this.takeOperatorNotes();
    return shown(this.texts('warning', this.warningsTold), 'warning');
  }

  get infos(): readonly string[] {
    if (this.isEmpty) return NOTHING;
    this.takeOperatorNotes();
    const repaired = [...this.repairs.values()].map(
      (r) => `PromQL info: ${repairMessage(r)} (${this.position(r.place)})`,
    );
    return shown([...this.texts('info', this.infosTold), ...repaired], 'info');
  }

  private texts(kind: 'warning' | 'info', told: ReadonlyMap<string, Told>): string[] {
    return [...told].map(([message, { place }]) => `PromQL ${kind}: ${message} (${this.position(place)})`);
  }

  private takeOperatorNotes(): void {
    for (const [place, steps] of this.operatorNotes) {
      for (const { kind, message } of steps.values()) {
        if (kind === 'warning') this.warn(message, place);
        else this.info(message, place);
      }
    }
    this.operatorNotes.clear();
  }

  private position(place: Place): string {
    const before = this.text.slice(0, place.from);
    return `${before.split('\n').length}:${place.from - before.lastIndexOf('\n')}`;
  }
}

/** Operands are evaluated before their operator; of what one node tells, what is about the later place stands. */
function setLater(all: Map<string, Told>, message: string, told: Told): void {
  const known = all.get(message);
  if (known === undefined || isLater(told.teller, known.teller) || isAfter(told, known)) all.set(message, told);
}

const isLater = (a: Place, b: Place) => a.to > b.to || (a.to === b.to && a.from < b.from);

const isAfter = (a: Told, b: Told) =>
  a.teller.to === b.teller.to && a.teller.from === b.teller.from && a.place.from >= b.place.from;

function repairMessage(r: Repair): string {
  const at = (ms: number) => new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  return (
    'input to histogram_quantile needed to be fixed for monotonicity ' +
    `(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)${r.metric}, ` +
    `from buckets ${formatGo(r.minBound)} to ${formatGo(r.maxBound)}, with a max diff of ${formatGo(r.maxDifference, 2)}, ` +
    `over ${r.samples} samples from ${at(r.firstTime)} to ${at(r.lastTime)}`
  );
}

function shown(messages: string[], kind: string): string[] {
  if (messages.length <= SHOWN_MAX) return messages;
  return [...messages.slice(0, SHOWN_MAX), `${messages.length - SHOWN_MAX} more ${kind} annotations omitted`];
}

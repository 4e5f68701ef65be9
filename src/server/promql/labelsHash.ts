/** Numbers for label sets: equal sets have equal ones. Kept with the set, so that a series met by every query is hashed once. */
import { compareLabels, type Labels } from '../../shared/model/labels.ts';

const known = new WeakMap<Labels, number>();

/** 53 bits; unequal sets may share one, so compare the sets where it matters. */
export function hashOf(labels: Labels): number {
  let hash = known.get(labels);
  if (hash === undefined) {
    hash = computeHash(labels);
    known.set(labels, hash);
  }
  return hash;
}

function computeHash(labels: Labels): number {
  let a = 0x9e3779b1;
  let b = 0x85ebca77;
  for (let l = 0; l < labels.length; l++) {
    for (let part = 0; part < 2; part++) {
      const text = labels[l][part];
      for (let i = 0; i < text.length; i++) {
        const c = text.charCodeAt(i);
        a = Math.imul(a ^ c, 0x01000193);
        b = Math.imul(b ^ c, 0x5bd1e995);
        b ^= b >>> 15;
      }
      a = Math.imul(a ^ 0x10000, 0x01000193);
      b = Math.imul(b ^ 0x10001, 0x5bd1e995);
    }
  }
  return (a >>> 0) * 2 ** 21 + ((b >>> 0) & 0x1fffff);
}

/** Finds the place of a label set among those entered before. */
export class LabelsIndex {
  private readonly hash: (labels: Labels) => number;
  private readonly first = new Map<number, number>();
  private readonly sets: Labels[] = [];
  /** Places whose hash an earlier, unequal set has: next place with the same hash. */
  private readonly next = new Map<number, number>();

  constructor(hash: (labels: Labels) => number = hashOf) {
    this.hash = hash;
  }

  /** The place of an equal set, or -1 after entering this one at the next place. */
  enter(labels: Labels): number {
    const hash = this.hash(labels);
    const start = this.first.get(hash);
    const place = this.sets.length;
    if (start === undefined) {
      this.first.set(hash, place);
      this.sets.push(labels);
      return -1;
    }
    let at = start;
    for (;;) {
      if (this.sets[at] === labels || compareLabels(this.sets[at], labels) === 0) return at;
      const following = this.next.get(at);
      if (following === undefined) break;
      at = following;
    }
    this.next.set(at, place);
    this.sets.push(labels);
    return -1;
  }
}

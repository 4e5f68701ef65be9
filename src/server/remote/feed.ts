/** Tells of every commit to a store as it happens: what remote write sends. A decorator, so that the store knows nothing of it. */
import { withoutObservations, type NativeHistogram } from '../../shared/histogram/native.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { Exemplar } from '../../shared/model/metadata.ts';
import { bitsOf, setStale } from '../../shared/model/sampleBits.ts';
import type { Appender, GroupWriter, Storage } from '../storage/appender.ts';

/** A row as it was appended; a copy. */
export interface CommittedRow {
  readonly group: GroupWriter;
  readonly t: number;
  /** By column, with gaps and stale marks. */
  readonly values: Float64Array;
}

/** A sample outside rows. `values` has one cell, which may be a stale mark. */
export interface CommittedSample {
  readonly labels: Labels;
  readonly t: number;
  readonly values: Float64Array;
  readonly histogram?: NativeHistogram;
}

export interface CommittedExemplar {
  readonly labels: Labels;
  readonly exemplar: Exemplar;
}

export interface Committed {
  readonly rows: CommittedRow[];
  readonly samples: CommittedSample[];
  readonly exemplars: CommittedExemplar[];
}

/** Must return soon: it is called while the commit's caller waits. */
export type CommitListener = (committed: Committed) => void;

export interface Feed {
  /** The store, to be written to in place of the one it was made from. */
  readonly storage: Storage;
  /** Gives how to stop listening. */
  listen(listener: CommitListener): () => void;
}

export function createFeed(storage: Storage): Feed {
  const listeners = new Set<CommitListener>();
  const tell = (committed: Committed) => {
    for (const listener of listeners) listener(committed);
  };
  return {
    storage: {
      group: (key) => storage.group(key),
      // Nothing is copied while nobody listens.
      appender: () => (listeners.size === 0 ? storage.appender() : overheard(storage.appender(), tell)),
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function overheard(appender: Appender, tell: CommitListener): Appender {
  let staged: Committed = { rows: [], samples: [], exemplars: [] };
  const one = (v: number) => Float64Array.of(v);
  return {
    appendRow(group, t, values) {
      const outcome = appender.appendRow(group, t, values);
      if (outcome === 'ok') staged.rows.push({ group, t, values: values.slice() });
      return outcome;
    },
    append(labels, t, v) {
      const outcome = appender.append(labels, t, v);
      if (outcome === 'ok') staged.samples.push({ labels, t, values: one(v) });
      return outcome;
    },
    appendStale(labels, t) {
      const outcome = appender.appendStale(labels, t);
      if (outcome !== 'ok') return outcome;
      const values = one(0);
      setStale(bitsOf(values), 0);
      staged.samples.push({ labels, t, values });
      return outcome;
    },
    place: (labels) => appender.place(labels),
    appendCells(group, cells, from, to, refuse) {
      // One by one: which of them are taken is to be known.
      let taken = 0;
      for (let i = from; i < to; i++) {
        if (appender.appendCells(group, cells, i, i + 1, refuse) === 0) continue;
        taken++;
        const values = new Float64Array(cells.bits.slice(2 * i, 2 * i + 2).buffer);
        staged.samples.push({ labels: group.columnLabels(cells.columns[i]), t: cells.times[i], values });
      }
      return taken;
    },
    appendHistogram(labels, t, histogram) {
      const outcome = appender.appendHistogram(labels, t, histogram);
      if (outcome === 'ok') staged.samples.push({ labels, t, values: one(NaN), histogram });
      return outcome;
    },
    appendCreated(labels, t, created) {
      const isNew = appender.appendCreated(labels, t, created);
      if (isNew) staged.samples.push({ labels, t: created, values: one(0) });
      return isNew;
    },
    appendCreatedHistogram(labels, t, created, h) {
      const isNew = appender.appendCreatedHistogram(labels, t, created, h);
      if (isNew) staged.samples.push({ labels, t: created, values: one(NaN), histogram: withoutObservations(h) });
      return isNew;
    },
    appendCreatedColumns(group, t, columns, created) {
      appender.appendCreatedColumns(group, t, columns, created, (column, began) =>
        staged.samples.push({ labels: group.columnLabels(column), t: began, values: one(0) }),
      );
    },
    appendExemplar(labels, exemplar) {
      const outcome = appender.appendExemplar(labels, exemplar);
      if (outcome === 'ok') staged.exemplars.push({ labels, exemplar });
      return outcome;
    },
    setMetadata: (group, metric, metadata) => appender.setMetadata(group, metric, metadata),
    async commit(options) {
      const done = appender.commit(options);
      const committed = staged;
      staged = { rows: [], samples: [], exemplars: [] };
      await done;
      tell(committed);
    },
    rollback() {
      staged = { rows: [], samples: [], exemplars: [] };
      appender.rollback();
    },
  };
}

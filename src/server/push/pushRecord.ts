/** What the journal says of a group: all of it, or that it is gone. A protobuf message: 1 labels, 2 families, 3 and 4 times, 5 time to live, 6 gone. */
import { readLabelPair } from '../../shared/bytes/labelPair.ts';
import { WireReader, WireWriter } from '../../shared/bytes/protobufWire.ts';
import type { Label, Labels } from '../../shared/model/labels.ts';
import { readFamily } from '../textparse/metricFamily.ts';
import { familyTypeOf, type KeptFamily } from './pushedFamily.ts';
import type { PushGroup } from './pushGroups.ts';

export type PushRecord = PushGroup | { readonly labels: Labels; readonly gone: true };

export function encodeRecord(record: PushRecord): Uint8Array {
  const out = new WireWriter();
  for (const [name, value] of record.labels) out.message(1, (label) => label.string(1, name).string(2, value));
  if ('gone' in record) return out.bool(6, true).finish().slice();
  for (const { message } of record.families.values()) out.bytesAlways(2, message);
  out.double(3, record.pushedAt).double(4, record.failedAt);
  // A time to live of 0 is one too: the group lives for ever, whatever the flag says.
  if (record.ttlMs !== undefined) out.intAlways(5, record.ttlMs);
  return out.finish().slice();
}

/** @throws WireError */
export function decodeRecord(bytes: Uint8Array): PushRecord {
  const labels: Label[] = [];
  const families = new Map<string, KeptFamily>();
  let [pushedAt, failedAt] = [0, 0];
  let ttlMs: number | undefined;
  let gone = false;
  for (const r = new WireReader(bytes); r.next();) {
    if (r.field === 1) labels.push(readLabelPair(r.message()));
    else if (r.field === 2) {
      const family = keptFamily(r.bytes().slice());
      families.set(family.name, family);
    } else if (r.field === 3) pushedAt = r.double();
    else if (r.field === 4) failedAt = r.double();
    else if (r.field === 5) ttlMs = r.int();
    else if (r.field === 6) gone = r.bool();
    else r.skip();
  }
  return gone ? { labels, gone } : { labels, families, pushedAt, failedAt, ttlMs };
}

function keptFamily(message: Uint8Array): KeptFamily {
  const { name, type } = readFamily(message);
  return { name, type: familyTypeOf(type), message };
}

/** A `ReadRequest` of one query. Source: prompb/remote.proto of Prometheus. */
import { WireWriter } from '../../../shared/bytes/protobufWire.ts';
import type { Matcher } from '../../../shared/model/matchers.ts';
import type { TimeRange } from '../../storage/queryable.ts';
import { MATCH_OPS } from '../prompb.ts';

/** @param kinds of answer that are taken, the preferred one first. */
export function readRequestOf(
  matchers: readonly Matcher[],
  { minTime, maxTime }: TimeRange,
  kinds: readonly number[],
): Uint8Array {
  const out = new WireWriter();
  out.message(1, (query) => {
    query.intAlways(1, minTime).intAlways(2, maxTime);
    for (const { op, name, value } of matchers)
      query.message(3, (matcher) => void matcher.int(1, MATCH_OPS.indexOf(op)).string(2, name).string(3, value));
  });
  return out.packedInts(2, kinds).finish();
}

/** A label as protobuf messages of Prometheus have it: `Label` of prompb and `LabelPair` of io.prometheus.client alike. */
import type { Label } from '../model/labels.ts';
import type { WireReader } from './protobufWire.ts';

/** @throws WireError for bytes that are no such message. */
export function readLabelPair(pair: WireReader): Label {
  let name = '';
  let value = '';
  while (pair.next()) {
    if (pair.field === 1) name = pair.string();
    else if (pair.field === 2) value = pair.string();
    else pair.skip();
  }
  return [name, value];
}

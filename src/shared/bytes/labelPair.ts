/** A label as protobuf messages of Prometheus have it: `Label` of prompb and `LabelPair` of io.prometheus.client alike. */
import type { Label } from '../model/labels.ts';
import type { WireReader } from './protobufWire.ts';

/**
 * @param text how texts are read.
 * @throws WireError for bytes that are no such message.
 */
export function readLabelPair(pair: WireReader, text: 'string' | 'utf8' = 'string'): Label {
  let name = '';
  let value = '';
  while (pair.next()) {
    if (pair.field === 1) name = pair[text]();
    else if (pair.field === 2) value = pair[text]();
    else pair.skip();
  }
  return [name, value];
}

/** The body of a push: delimited protobuf if its content type says so, else text, as the Pushgateway has it. */
import { WireError } from '../../shared/bytes/protobufWire.ts';
import { delimited } from '../textparse/delimited.ts';
import { readFamily } from '../textparse/metricFamily.ts';
import { familyTypeOf, metricOf, type PushedFamily } from './pushedFamily.ts';
import { RequestRefused } from '../../shared/api/requestRefused.ts';
import { readTextFamilies } from './textFamilies.ts';

/** @throws RequestRefused */
export function readPushBody(bytes: Uint8Array, contentType: string): PushedFamily[] {
  return isProtobuf(contentType) ? readProtobufFamilies(bytes) : readTextFamilies(bytes);
}

function isProtobuf(contentType: string): boolean {
  const [mediaType, ...params] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (mediaType !== 'application/vnd.google.protobuf') return false;
  return params.includes('encoding=delimited') && params.includes('proto=io.prometheus.client.metricfamily');
}

function readProtobufFamilies(bytes: Uint8Array): PushedFamily[] {
  const families: PushedFamily[] = [];
  try {
    for (const { message } of delimited(bytes)) {
      const { name, help, unit, type, metrics } = readFamily(message);
      if (name === '') throw new RequestRefused(400, 'a metric family has no name');
      families.push({ name, help, unit, type: familyTypeOf(type), metrics: metrics.map(metricOf) });
    }
  } catch (error) {
    if (error instanceof WireError) throw new RequestRefused(400, `not a delimited protobuf page: ${error.message}`);
    throw error;
  }
  return families;
}

/** Protobuf messages one after the other, each behind its length. */
import { WireError } from '../../shared/bytes/protobufWire.ts';

const LENGTH_BYTES_MAX = 5;

/** `at`: where the length of the message stands. @throws WireError */
export function* delimited(bytes: Uint8Array): Generator<{ readonly at: number; readonly message: Uint8Array }> {
  for (let at = 0; at < bytes.length;) {
    const { length, start } = readLength(bytes, at);
    yield { at, message: bytes.subarray(start, start + length) };
    at = start + length;
  }
}

function readLength(bytes: Uint8Array, at: number): { length: number; start: number } {
  let length = 0;
  let factor = 1;
  for (let i = at; i < bytes.length && i < at + LENGTH_BYTES_MAX; i++) {
    length += (bytes[i] & 0x7f) * factor;
    factor *= 0x80;
    if (bytes[i] >= 0x80) continue;
    if (i + 1 + length > bytes.length) {
      const left = bytes.length - i - 1;
      throw new WireError(`message at byte ${at} is ${length} bytes long and the page ends after ${left} of them`);
    }
    return { length, start: i + 1 };
  }
  throw new WireError(`expected the length of a message at byte ${at}; is this a delimited protobuf page?`);
}

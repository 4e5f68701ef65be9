/** Memory outside of the collector's heap is given back at once: left to it, large buffers that live shortly make it come over and over. */
interface Detachable {
  /** ES2024. */
  transfer(length: number): ArrayBuffer;
}

/** The same bytes with room for more, and nothing left behind. @param bytes all of a buffer that nothing else looks into. */
export const grown = ({ buffer }: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array((buffer as unknown as Detachable).transfer(size));

/** Whether memory is no other thread's too. By its name: in tests there are several realms, each with a class of its own. */
export const isOwn = (buffer: ArrayBufferLike): buffer is ArrayBuffer => buffer[Symbol.toStringTag] === 'ArrayBuffer';

/** Empties a buffer that nothing else looks into; one that is shared, or a part of a larger one, stays as it is. */
export function release({ buffer, byteLength }: Uint8Array): void {
  if (isOwn(buffer) && byteLength >= buffer.byteLength / 2) (buffer as unknown as Detachable).transfer(0);
}

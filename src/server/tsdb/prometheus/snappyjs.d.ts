declare module 'snappyjs' {
  /** Throws if the bytes are not snappy or declare more than `maxLength` bytes. */
  export function uncompress(compressed: Uint8Array, maxLength?: number): Uint8Array;
}

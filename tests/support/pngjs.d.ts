/** The part of pngjs that tests and picture scripts use. */
declare module 'pngjs' {
  export class PNG {
    constructor(options: { width: number; height: number });
    readonly width: number;
    readonly height: number;
    /** RGBA, row by row. */
    data: Buffer;
    static readonly sync: {
      read(bytes: Uint8Array): PNG;
      write(png: PNG): Buffer;
    };
  }
}

/** Reads the requests that a server is sent, one after the other. What it learns of their series it keeps. */
import type { Appender } from '../../storage/appender.ts';
import { WriteKernel } from './writeKernel.ts';
import { WriteRequest, type Refusals } from './writeRequest.ts';

/** The kernel keeps the memory of the largest message that it held; of those beyond this it is not kept. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

export class WriteReader {
  /** Made for the first request: few servers receive. */
  #kernel: WriteKernel | undefined;

  /**
   * @param block a `WriteRequest` in a snappy block of at most INPUT_SIZE_MAX bytes.
   * @param maxTime samples after it are refused, milliseconds.
   * @throws BlockError, WireError; nothing of the request is to be committed then.
   */
  read(block: Uint8Array, appender: Appender, maxTime: number): Refusals {
    const request = new WriteRequest(appender, maxTime);
    const kernel = (this.#kernel ??= new WriteKernel());
    kernel.unfold(block);
    if (kernel.message.length > KEPT_BYTES_MAX) this.#kernel = undefined;
    request.appendUnfolded(kernel);
    return request.refusals;
  }
}

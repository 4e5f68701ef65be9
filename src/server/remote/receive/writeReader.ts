/** Reads the requests that a server is sent, one after the other. What it learns of their series it keeps. */
import type { Intake } from './intake.ts';
import { WriteKernel } from './writeKernel.ts';
import { WriteRequest } from './writeRequest.ts';
import { appendRequest2 } from './writeRequest2.ts';
import type { WriteOutcome } from './writtenSeries.ts';

/** Of remote write: `prometheus.WriteRequest` and `io.prometheus.write.v2.Request`. */
export type WriteVersion = 1 | 2;

/** The kernel keeps the memory of the largest message that it held; of those beyond this it is not kept. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

export class WriteReader {
  /** Made for the first request: few servers receive. */
  #kernel: WriteKernel | undefined;

  /**
   * @param block a message of this version in a snappy block of at most INPUT_SIZE_MAX bytes.
   * @throws BlockError, WireError; nothing of the request is to be committed then.
   */
  read(version: WriteVersion, block: Uint8Array, intake: Intake): WriteOutcome {
    const kernel = (this.#kernel ??= new WriteKernel());
    kernel.unfold(block);
    if (kernel.message.length > KEPT_BYTES_MAX) this.#kernel = undefined;
    if (version === 2) return appendRequest2(kernel.message, intake);
    const request = new WriteRequest(intake);
    request.appendUnfolded(kernel);
    return request.outcome;
  }
}

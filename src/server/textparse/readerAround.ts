/** A reader that makes something else of the rows of another; what it does not say otherwise is the other's. */
import type { Labels } from '../../shared/model/labels.ts';
import type { MetricType } from '../../shared/model/metadata.ts';
import type { PageFormat } from './entryCursor.ts';
import { lastOf, type PageReader, type PageRow } from './pageReader.ts';
import type { PageForms } from './protobufPage.ts';

export abstract class ReaderAround implements PageReader {
  protected readonly inner: PageReader;

  constructor(inner: PageReader) {
    this.inner = inner;
  }

  abstract readSteps(bytes: Uint8Array, format: PageFormat, forms?: PageForms): Generator<void, PageRow>;
  abstract forgetLabels(slot: number): void;
  /** Of what was learnt of the slots. */
  protected abstract forget(): void;

  get slotCount(): number {
    return this.inner.slotCount;
  }

  read(bytes: Uint8Array, format: PageFormat, forms?: PageForms): PageRow {
    return lastOf(this.readSteps(bytes, format, forms));
  }

  labels(slot: number): Labels {
    return this.inner.labels(slot);
  }

  slot(key: string, labels: () => Labels): number {
    return this.inner.slot(key, labels);
  }

  typeOf(metric: string): MetricType | undefined {
    return this.inner.typeOf(metric);
  }

  reset(): void {
    this.forget();
    this.inner.reset();
  }
}

/** Where what others send goes, and what of it is kept. */
import type { Metadata } from '../../../shared/model/metadata.ts';
import type { Appender, GroupWriter } from '../../storage/appender.ts';

export interface Intake {
  readonly appender: Appender;
  /** Has the metadata of all that comes this way, by metric family, as it was told last. */
  readonly group: GroupWriter;
  /** What is after it is refused, milliseconds. */
  readonly maxTime: number;
  /** Series get a zero at the time where their samples say that they began. */
  readonly startZeros: boolean;
}

export function keepMetadata({ appender, group }: Intake, metric: string, metadata: Metadata): void {
  const { type, help, unit } = metadata;
  if (type !== 'unknown' || help !== '' || unit !== '') appender.setMetadata(group, metric, metadata);
}

/** What discovery hands to scraping. */
import type { Dials } from '../outbound/dials.ts';
import type { DiscoveryEvent } from './events.ts';
import type { Labels } from '../../shared/model/labels.ts';

export interface TargetGroup {
  /** Where the group comes from; a group with the same source replaces the earlier one. */
  readonly source: string;
  /** One label set per target, `__address__` among them. */
  readonly targets: readonly Labels[];
  /** Labels of all targets of the group; a target's own stand first. */
  readonly labels: Labels;
}

/** All groups of one provider at once; what is not among them is gone. */
export type GroupsListener = (groups: readonly TargetGroup[]) => void;

export interface Discoverer {
  /** Tells the listener the groups as they are, once at the start and after each change, until stopped. */
  start(listener: GroupsListener): void;
  stop(): void;
}

export interface DiscoveryDeps {
  /** A source that cannot be asked or read; what it said last stays. Told once for each new reason. */
  readonly onFault: (source: string, why: string) => void;
  readonly onEvent?: (event: DiscoveryEvent) => void;
  /** Where connections are counted, by mechanism. */
  readonly dials?: Dials;
}

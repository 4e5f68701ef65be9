/** Targets written in the configuration. */
import { labelsOf } from '../../shared/model/labels.ts';
import type { StaticConfig } from '../config/config.ts';
import type { Discoverer, TargetGroup } from './targetGroup.ts';

export function createStaticDiscoverer(configs: readonly StaticConfig[]): Discoverer {
  const groups = configs.map(({ targets, labels }, i): TargetGroup => ({
    source: String(i),
    targets: targets.map((address) => labelsOf({ __address__: address })),
    labels,
  }));
  return { start: (listener) => listener(groups), stop: () => undefined };
}

/** Follows a discoverer in a test. */
import { labelsRecord } from '../../src/shared/model/labels.ts';
import type { Discoverer, TargetGroup } from '../../src/server/discovery/targetGroup.ts';

export type FoundTarget = Record<string, string>;

/** The label sets of all targets, group labels put on, in order of their addresses. */
export function targetsOf(groups: readonly TargetGroup[]): FoundTarget[] {
  return groups
    .flatMap(({ targets, labels }) => targets.map((own) => labelsRecord([...labels, ...own])))
    .sort((a, b) => (a.__address__ < b.__address__ ? -1 : 1));
}

export const addressesOf = (targets: readonly FoundTarget[]) => targets.map(({ __address__ }) => __address__).join();

/** Starts a discoverer; the function resolves with its targets when they satisfy the test. Jest's own time limit is the bound. */
export function follow(discoverer: Discoverer): (test: (targets: FoundTarget[]) => boolean) => Promise<FoundTarget[]> {
  let last: FoundTarget[] | undefined;
  let check: () => void = () => undefined;
  discoverer.start((groups) => {
    last = targetsOf(groups);
    check();
  });
  return (test) =>
    new Promise((done) => {
      check = () => void (last !== undefined && test(last) && done(last));
      check();
    });
}

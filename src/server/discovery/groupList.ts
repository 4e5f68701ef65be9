/** Lists of `{targets, labels}`, as files and HTTP endpoints give them. */
import { z } from 'zod';
import { labelsFrom, labelsOf, type Label } from '../../shared/model/labels.ts';
import type { TargetGroup } from './targetGroup.ts';

/** The text of a scalar, whatever its type: `port: 80` is as good as `port: "80"`. */
const scalarText = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const groupsShape = z
  .array(
    z.strictObject({
      targets: z.array(z.string()),
      labels: z.record(z.string(), scalarText).nullish(),
    }),
  )
  .nullable();

/**
 * @param tree as parsed; null is an empty list.
 * @param source what a group's source begins with.
 * @param meta the label that names the source.
 * @throws Error that says what is wrong and where.
 */
export function groupsOf(tree: unknown, source: string, meta: Label): readonly TargetGroup[] {
  const checked = groupsShape.safeParse(tree);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new Error(`is not a list of {targets, labels}: ${issue.path.join('.') || 'the whole'}: ${issue.message}`);
  }
  return (checked.data ?? []).map(({ targets, labels }, i) => ({
    source: `${source}:${i}`,
    targets: targets.map((address) => labelsOf({ __address__: address })),
    labels: labelsFrom([...Object.entries(labels ?? {}), meta]),
  }));
}

/** Groups of pushed metrics, and the rules that hold between them: one type a family, and no family under a name that another one's series have. */
import { WireWriter } from '../../shared/bytes/protobufWire.ts';
import type { Labels } from '../../shared/model/labels.ts';
import { groupName } from './groupKey.ts';
import { FAMILY_TYPES, SERIES_SUFFIXES, type FamilyType, type KeptFamily } from './pushedFamily.ts';
import { RequestRefused } from '../../shared/api/requestRefused.ts';
import { InconsistentPush } from './inconsistentPush.ts';

/** Bytes of all families together. */
export const PUSHED_BYTES_MAX = 64 * 1024 * 1024;
export const PUSHED_GROUPS_MAX = 10_000;

export interface PushGroup {
  readonly labels: Labels;
  /** By name. */
  readonly families: ReadonlyMap<string, KeptFamily>;
  /** Milliseconds; 0 for never. */
  readonly pushedAt: number;
  readonly failedAt: number;
  /** Of this group alone; undefined leaves it to the flag. */
  readonly ttlMs: number | undefined;
}

/** Families of the groups' own times; a push may not have them, so what it says of them is passed over. */
const TIME_FAMILIES = [
  ['push_failure_time_seconds', 'Last Unix time when changing this group in the Pushgateway failed.', 'failedAt'],
  ['push_time_seconds', 'Last Unix time when changing this group in the Pushgateway succeeded.', 'pushedAt'],
] as const;
const TIME_NAMES: ReadonlySet<string> = new Set(TIME_FAMILIES.map(([name]) => name));

export class PushGroups {
  private readonly byName = new Map<string, PushGroup>();
  /** Groups that have a family, by its type, by its name. */
  private readonly types = new Map<string, Map<FamilyType, number>>();
  private bytes = 0;

  get byteSize(): number {
    return this.bytes;
  }

  all(): Iterable<PushGroup> {
    return this.byName.values();
  }

  find(labels: Labels): PushGroup | undefined {
    return this.byName.get(groupName({ labels }));
  }

  /**
   * The group with these families in place of those of the same name, or of all.
   *
   * @throws RequestRefused where that contradicts itself, another group or a bound.
   */
  changed(before: PushGroup, families: readonly KeptFamily[], replaceAll: boolean): ReadonlyMap<string, KeptFamily> {
    const next = new Map(replaceAll ? [] : before.families);
    for (const family of families) if (!TIME_NAMES.has(family.name)) next.set(family.name, family);
    const known = this.byName.get(groupName(before));
    // Looked at without what the group holds now: it may change its mind about a type.
    if (known !== undefined) this.count(known, -1);
    try {
      this.checkBounds(known, next);
      for (const family of families) this.checkNames(family, next);
    } finally {
      if (known !== undefined) this.count(known, 1);
    }
    return next;
  }

  set(group: PushGroup): void {
    this.remove(group.labels);
    this.byName.set(groupName(group), group);
    this.count(group, 1);
  }

  /** @returns whether there was one. */
  remove(labels: Labels): boolean {
    const name = groupName({ labels });
    const group = this.byName.get(name);
    if (group === undefined) return false;
    this.byName.delete(name);
    this.count(group, -1);
    return true;
  }

  clear(): void {
    this.byName.clear();
    this.types.clear();
    this.bytes = 0;
  }

  private count({ families }: PushGroup, step: 1 | -1): void {
    for (const { name, type, message } of families.values()) {
      const types = this.types.get(name) ?? new Map<FamilyType, number>();
      const uses = (types.get(type) ?? 0) + step;
      if (uses > 0) types.set(type, uses);
      else types.delete(type);
      if (types.size > 0) this.types.set(name, types);
      else this.types.delete(name);
      this.bytes += step * message.length;
    }
  }

  private checkBounds(known: PushGroup | undefined, next: ReadonlyMap<string, KeptFamily>): void {
    if (known === undefined && this.byName.size >= PUSHED_GROUPS_MAX)
      throw new RequestRefused(
        507,
        `there are ${PUSHED_GROUPS_MAX} groups, as many as are kept; delete some, or push with a time to live`,
      );
    let bytes = this.bytes;
    for (const { message } of next.values()) bytes += message.length;
    if (bytes > PUSHED_BYTES_MAX)
      throw new RequestRefused(
        507,
        `pushed metrics would take more than ${PUSHED_BYTES_MAX} bytes; delete groups, or push with a time to live`,
      );
  }

  private checkNames({ name, type }: KeptFamily, own: ReadonlyMap<string, KeptFamily>): void {
    const typesOf = (of: string): readonly FamilyType[] => {
      const mine = own.get(of);
      return [...(this.types.get(of)?.keys() ?? []), ...(mine === undefined ? [] : [mine.type])];
    };
    const other = typesOf(name).find((seen) => seen !== type);
    if (other !== undefined)
      throw new InconsistentPush(`collected metric ${JSON.stringify(name)} is a ${type} and not a ${other}`);
    for (const suffix of SERIES_SUFFIXES[type] ?? [])
      if (typesOf(name + suffix).length > 0) throw collision(name + suffix, type, name);
    for (const suffix of ['_bucket', '_sum', '_count']) {
      const base = name.endsWith(suffix) ? name.slice(0, -suffix.length) : '';
      const composite = typesOf(base).find((seen) => SERIES_SUFFIXES[seen]?.includes(suffix));
      if (base !== '' && composite !== undefined) throw collision(name, composite, base);
    }
  }
}

function collision(name: string, type: FamilyType, base: string): InconsistentPush {
  const kind = type.toLowerCase().replace('_', ' ');
  return new InconsistentPush(
    `collected metric named ${JSON.stringify(name)} collides with previously collected ${kind} named ${JSON.stringify(base)}`,
  );
}

/** `push_time_seconds` and `push_failure_time_seconds` of a group. */
export function timeFamilies(group: PushGroup): KeptFamily[] {
  return TIME_FAMILIES.map(([name, help, at]) => {
    const out = new WireWriter().string(1, name).string(2, help).intAlways(3, FAMILY_TYPES.indexOf('GAUGE'));
    out.message(4, (metric) => {
      for (const [label, value] of new Map([['instance', ''], ...group.labels]))
        metric.message(1, (pair) => pair.string(1, label).string(2, value));
      metric.message(2, (gauge) => gauge.double(1, group[at] / 1000));
    });
    return { name, type: 'GAUGE', message: out.finish().slice() };
  });
}

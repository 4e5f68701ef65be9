/** Holds a YAML tree against its schema and turns zod's findings into faults with places and suggestions. */
import { z } from 'zod';
import { ConfigError, type ConfigFault } from './configError.ts';
import { nearest } from './nearest.ts';
import type { YamlSource, YamlTree } from './yamlSource.ts';

/** @throws ConfigError listing every fault in the order of the file. */
export function checkTree<T extends z.ZodType>(source: YamlSource, schema: T): z.output<T> {
  const result = schema.safeParse(source.tree ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap((issue) => faultsOf(source, schema, issue));
  throw new ConfigError(
    source.file,
    faults.sort((a, b) => a.line - b.line || a.column - b.column),
  );
}

function faultsOf(source: YamlSource, schema: z.ZodType, issue: z.core.$ZodIssue): ConfigFault[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => source.fault([...issue.path, key], unknownKey(key, known), 'key'));
  }
  if (issue.code === 'invalid_key') {
    const why = issue.issues[0]?.message ?? 'not allowed here';
    return [source.fault(issue.path, why, 'key')];
  }
  if (issue.code === 'invalid_type')
    return [source.fault(issue.path, wrongShape(issue.expected, source.at(issue.path)))];
  if (issue.code === 'too_small' && issue.origin === 'array')
    return [source.fault(issue.path, 'the list must not be empty')];
  return [source.fault(issue.path, issue.message)];
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  if (meant !== undefined) return `unknown key; did you mean ${meant}?`;
  return known.length > 0 && known.length <= 12 ? `unknown key; known here: ${known.join(', ')}` : 'unknown key';
}

const SHAPES: Readonly<Record<string, string>> = {
  string: 'a single value',
  array: 'a list (lines that begin with a dash)',
  object: 'keys with values',
  record: 'keys with values',
};

function wrongShape(expected: string, found: YamlTree | undefined): string {
  const wanted = SHAPES[expected] ?? expected;
  if (found === undefined) return `missing; write ${wanted}`;
  const seen =
    typeof found === 'string'
      ? `the single value ${JSON.stringify(found)}`
      : Array.isArray(found)
        ? 'a list'
        : 'keys with values';
  return `expected ${wanted}, found ${seen}`;
}

/** The keys that the object at `path` may have. */
function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  const here = unwrap(schema);
  if (path.length === 0) return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
  const [step, ...rest] = path;
  if (here instanceof z.ZodObject) return keysAt((here.shape as Record<PropertyKey, unknown>)[step], rest);
  if (here instanceof z.ZodArray) return keysAt(here.element, rest);
  if (here instanceof z.ZodRecord) return keysAt(here.valueType, rest);
  return [];
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;
}

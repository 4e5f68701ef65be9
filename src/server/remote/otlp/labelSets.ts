/** Labels of series: those of a point, its resource and its scope together. */
import { compareText, labelsFrom, METRIC_NAME, type Label, type Labels } from '../../../shared/model/labels.ts';
import type { OtlpConfig } from '../../config/config.ts';
import type { Attributes, ScopeMetrics } from './metrics.ts';
import { labelName } from './names.ts';

const SERVICE_NAME = 'service.name';
const SERVICE_NAMESPACE = 'service.namespace';
const SERVICE_INSTANCE = 'service.instance.id';
/** What becomes `job` and `instance`. */
export const IDENTIFYING: ReadonlySet<string> = new Set([SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_INSTANCE]);

/** Names of labels by those of attributes, for one request. */
export class LabelNames {
  readonly #config: OtlpConfig;
  readonly #complain: (fault: string) => void;
  readonly #known = new Map<string, string | undefined>();

  /** @param complain is told each fault, some of them more than once. */
  constructor(config: OtlpConfig, complain: (fault: string) => void) {
    this.#config = config;
    this.#complain = complain;
  }

  /** undefined, and a complaint, where nothing is left of the name. */
  of(attribute: string): string | undefined {
    if (!this.#known.has(attribute)) this.#known.set(attribute, labelName(attribute, this.#config.naming));
    const name = this.#known.get(attribute);
    if (name === undefined) this.#complain(`no label can be made of the attribute ${JSON.stringify(attribute)}`);
    return name;
  }

  /**
   * Where several attributes have one name, their values stand together, in the order of the attributes' names.
   *
   * @returns undefined where an attribute cannot be a label.
   */
  labels(attributes: Attributes, isPassedOver: (key: string) => boolean): Map<string, string> | undefined {
    const labels = new Map<string, string>();
    const { escapes } = this.#config.naming;
    const sorted = [...attributes].sort(([a], [b]) => compareText(a, b));
    for (const [key, text] of sorted) {
      if (isPassedOver(key)) continue;
      const name = this.of(key);
      if (name === undefined) return undefined;
      const there = escapes ? labels.get(name) : undefined;
      if (there) this.#complain(`several attributes become the label ${name}, which holds their values in a row`);
      labels.set(name, there ? `${there};${text}` : text);
    }
    return labels;
  }
}

const isMetricName = (key: string) => key === METRIC_NAME;

/** What a resource's attributes give the series of its metrics. */
export class ResourceLabels {
  readonly #names: LabelNames;
  /** Stand where a point has no such label. */
  readonly #promoted: readonly Label[];
  /** `job` and `instance`, as far as the resource has them. */
  readonly identity: readonly Label[];

  constructor(attributes: Attributes, config: OtlpConfig, names: LabelNames) {
    this.#names = names;
    const value = (key: string) => attributes.find(([name]) => name === key)?.[1];
    const [name, namespace] = [value(SERVICE_NAME), value(SERVICE_NAMESPACE)];
    const job = name !== undefined && namespace !== undefined ? `${namespace}/${name}` : (name ?? '');
    const identity: Label[] = [
      ['job', job],
      ['instance', value(SERVICE_INSTANCE) ?? ''],
    ];
    this.identity = identity.filter(([, text]) => text !== '');
    const isPromoted = ([key]: Label) => config.resourceAttributes.has(key) !== config.promotesAllResourceAttributes;
    this.#promoted = attributes.filter(isPromoted).flatMap(([key, text]) => {
      const label = names.of(key);
      return label === undefined ? [] : [[label, text] as const];
    });
  }

  /**
   * @param more stand above all others.
   * @returns undefined where one of the attributes cannot be a label.
   */
  labelsOf(attributes: Attributes, more: readonly Label[]): Labels | undefined {
    const labels = this.#names.labels(attributes, isMetricName);
    if (labels === undefined) return undefined;
    for (const [name, text] of this.#promoted) if (!labels.get(name)) labels.set(name, text);
    return this.#identified(labels, more);
  }

  /** Of `target_info`, which tells the resource's own attributes. */
  targetInfoLabels(attributes: Attributes, keepsIdentifying: boolean): Labels | undefined {
    const labels = this.#names.labels(attributes, (key) => !keepsIdentifying && IDENTIFYING.has(key));
    return labels === undefined ? undefined : this.#identified(labels, [[METRIC_NAME, 'target_info']]);
  }

  #identified(labels: ReadonlyMap<string, string>, more: readonly Label[]): Labels {
    return labelsFrom([...labels, ...this.identity, ...more]);
  }
}

/** The labels that name a scope; none for a scope without a name. */
export function scopeLabels({ name, version, schemaUrl, attributes }: ScopeMetrics, names: LabelNames): Label[] {
  if (name === '') return [];
  const own = attributes.flatMap(([key, text]) => {
    const label = names.of(`otel_scope_${key}`);
    return label === undefined ? [] : [[label, text] as const];
  });
  return [...own, ['otel_scope_name', name], ['otel_scope_version', version], ['otel_scope_schema_url', schemaUrl]];
}

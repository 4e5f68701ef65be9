/** `otlp`: upstream's defaults filled in. */
import type { OtlpConfig } from './config.ts';
import type { RawFile } from './fileSchema.ts';

/** By the name of a strategy: what becomes of a metric's name. */
export const STRATEGIES: Readonly<Record<string, { readonly escapes: boolean; readonly addsSuffixes: boolean }>> = {
  UnderscoreEscapingWithSuffixes: { escapes: true, addsSuffixes: true },
  UnderscoreEscapingWithoutSuffixes: { escapes: true, addsSuffixes: false },
  NoUTF8EscapingWithSuffixes: { escapes: false, addsSuffixes: true },
  NoTranslation: { escapes: false, addsSuffixes: false },
};

/** Names that are none were refused by the check of the section. */
export function resolveOtlp(raw: RawFile['otlp'] = {}): OtlpConfig {
  const promotesAll = raw.promote_all_resource_attributes ?? false;
  const attributes = promotesAll ? raw.ignore_resource_attributes : raw.promote_resource_attributes;
  return {
    naming: {
      ...STRATEGIES[raw.translation_strategy ?? 'UnderscoreEscapingWithSuffixes'],
      prefixesUnderscore: raw.label_name_underscore_sanitization ?? true,
      keepsUnderscores: raw.label_name_preserve_multiple_underscores ?? true,
    },
    promotesAllResourceAttributes: promotesAll,
    resourceAttributes: new Set(attributes?.map((attribute) => attribute.trim())),
    keepsIdentifying: raw.keep_identifying_resource_attributes ?? false,
    promotesScope: raw.promote_scope_metadata ?? false,
    customBuckets: raw.convert_histograms_to_nhcb ?? false,
  };
}

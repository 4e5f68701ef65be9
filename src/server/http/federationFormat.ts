/** What form a page of federation takes, by the Accept header, and how names are written that old readers do not know. Source: prometheus/common, expfmt and model. */
import { isPlainMetricName } from '../../shared/model/labels.ts';
import { acceptClauses } from './accept.ts';
import { EXPOSITION_TYPE } from './answer.ts';

const PROTOBUF = 'application/vnd.google.protobuf';
const FAMILY = 'io.prometheus.client.MetricFamily';

export type Escaping = 'allow-utf-8' | 'underscores' | 'dots' | 'values';

export interface FederationFormat {
  readonly kind: 'text' | 'protobuf';
  readonly escaping: Escaping;
  readonly contentType: string;
}

/**
 * The first form of the client's, by its preference, that there is here: text 0.0.4 and delimited protobuf; text where it names neither. An
 * `escaping` counts that stands with that form or with one that is preferred to it, whatever that is; so do scrapers get names in full that
 * ask for OpenMetrics first.
 */
export function negotiate(accept: string): FederationFormat {
  let escaping: Escaping = 'underscores';
  // Of equal ones the first comes first.
  for (const { name, params } of acceptClauses(accept).sort((a, b) => b.q - a.q)) {
    const named = params.get('escaping');
    if (isEscaping(named)) escaping = named;
    if (name === PROTOBUF && params.get('proto') === FAMILY && params.get('encoding') === 'delimited')
      return formatOf('protobuf', escaping);
    if (name === 'text/plain' && ['0.0.4', ''].includes(params.get('version') ?? '')) break;
  }
  return formatOf('text', escaping);
}

function formatOf(kind: FederationFormat['kind'], escaping: Escaping): FederationFormat {
  const type = kind === 'text' ? EXPOSITION_TYPE : `${PROTOBUF}; proto=${FAMILY}; encoding=delimited`;
  return { kind, escaping, contentType: `${type}; escaping=${escaping}` };
}

function isEscaping(text: string | undefined): text is Escaping {
  return text !== undefined && text in ESCAPES;
}

/** What stands for a character that a name may not have, `_` and `.` among them where the scheme means it. */
const ESCAPES: Readonly<Record<Escaping, ((name: string) => string) | undefined>> = {
  'allow-utf-8': undefined,
  underscores: (name) => eachOf(name, () => '_', '_'),
  dots: (name) => eachOf(name, (char) => (char === '.' ? '_dot_' : '__'), '__'),
  values: (name) => `U__${eachOf(name, (char) => `_${char.codePointAt(0)?.toString(16)}_`, '__')}`,
};

/** @param underscore what stands for an underscore. */
function eachOf(name: string, escape: (char: string) => string, underscore: string): string {
  return Array.from(name, (char, i) => {
    if (char === '_') return underscore;
    return /[a-zA-Z:]/.test(char) || (i > 0 && /\d/.test(char)) ? char : escape(char);
  }).join('');
}

/** A metric's or a label's name as the scheme writes it; plain names are left as they are. */
export function escapedName(name: string, escaping: Escaping): string {
  return isPlainMetricName(name) ? name : (ESCAPES[escaping]?.(name) ?? name);
}

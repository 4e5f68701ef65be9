/** Whether two servers' answers to one request are of the same shape: the same keys, with values of the same kinds. */

/** Keys of ours that the peer's version does not have yet, or that are ours alone. */
const EXTRA_KEYS = new Set([
  'application',
  'nodeVersion',
  'droppedTargetCounts',
  'scrapePool',
  'hostname',
  'serverTime',
  'GOMEMLIMIT',
  'samplesRead',
  'infos',
  'warnings',
  'storage',
  '__scrape_native_histograms__',
  '__always_scrape_classic_histograms__',
  '__convert_classic_histograms_to_nhcb__',
]);

/** Paths whose keys are data, not shape. */
const KEYED_BY_DATA = /^\$\.data(\.[a-z_]+)?$/;
const DATA_KEYED_PATHS = /^\/(status\/flags|metadata|features)/;

/**
 * What the first answer has that the other lacks, what it lacks, and where kinds differ; nothing where both are of one shape.
 *
 * @param path of the request, below /api/v1: some answers are keyed by data.
 */
export function shapeDifferences(ours: unknown, theirs: unknown, path: string): string[] {
  return differences(ours, theirs, '$', DATA_KEYED_PATHS.test(path));
}

function differences(ours: unknown, theirs: unknown, at: string, keyed: boolean): string[] {
  if (kindOf(ours) !== kindOf(theirs)) return [`${at}: ${kindOf(ours)}, not ${kindOf(theirs)}`];
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    if (ours.length === 0 || theirs.length === 0) return [];
    return differences(ours[0], theirs[0], `${at}[0]`, keyed);
  }
  if (kindOf(ours) !== 'object') return [];
  const a = ours as Record<string, unknown>;
  const b = theirs as Record<string, unknown>;
  const shared = Object.keys(b).filter((key) => key in a);
  const inner = shared.flatMap((key) => differences(a[key], b[key], `${at}.${key}`, keyed));
  if (keyed && KEYED_BY_DATA.test(at)) return inner;
  const missing = Object.keys(b)
    .filter((key) => !(key in a))
    .map((key) => `${at}.${key}: missing`);
  const extra = Object.keys(a)
    .filter((key) => !(key in b) && !EXTRA_KEYS.has(key))
    .map((key) => `${at}.${key}: not theirs`);
  return [...missing, ...extra, ...inner];
}

const kindOf = (value: unknown) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

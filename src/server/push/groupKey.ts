/** The group that a push is about, from the path of its URL: `/job/<job>{/<label>/<value>}`, values also as base64. */
import { parseDuration } from '../../shared/model/durations.ts';
import { isPlainLabelName, labelsKey, compareText, type Labels } from '../../shared/model/labels.ts';
import { RequestRefused } from '../../shared/api/requestRefused.ts';

export interface GroupKey {
  /** `job` and the grouping labels, sorted by name; values may be empty. */
  readonly labels: Labels;
  /** Milliseconds; undefined if the path says none. */
  readonly ttlMs: number | undefined;
}

const BASE64_SUFFIX = '@base64';
/** A grouping label that is none: how long the group lives. The Pushgateway refuses names like this, so no group of its own can have one. */
const TTL_LABEL = '__ttl__';

/**
 * @param path as in the URL, escaped, from `job` on. Split before it is unescaped, so that `%2F` may stand in a value.
 * @throws RequestRefused
 */
export function parseGroupKey(path: string): GroupKey {
  const [jobName, job, ...rest] = path.split('/').map(unescaped);
  if (jobName !== 'job' && jobName !== `job${BASE64_SUFFIX}`) throw new RequestRefused(404, '404 page not found');
  const jobValue = jobName === 'job' ? job : fromBase64(job ?? '', 'in job name');
  if (jobValue === undefined || jobValue === '') throw new RequestRefused(400, 'job name is required');
  const pairs = new Map<string, string>();
  if (rest.length % 2 !== 0)
    throw new RequestRefused(400, `odd number of components in label string ${JSON.stringify(`/${rest.join('/')}`)}`);
  let ttlMs: number | undefined;
  for (let i = 0; i < rest.length; i += 2) {
    const encoded = rest[i].endsWith(BASE64_SUFFIX);
    const name = encoded ? rest[i].slice(0, -BASE64_SUFFIX.length) : rest[i];
    const value = encoded ? fromBase64(rest[i + 1], `for label ${name}`) : rest[i + 1];
    if (name === TTL_LABEL) ttlMs = parseTtl(value);
    else if (!isPlainLabelName(name) || name.startsWith('__'))
      throw new RequestRefused(400, `improper label name ${JSON.stringify(name)}`);
    else pairs.set(name, value);
  }
  pairs.set('job', jobValue);
  return { labels: [...pairs].sort(([a], [b]) => compareText(a, b)), ttlMs };
}

/** A name for the group in maps. */
export function groupName({ labels }: Pick<GroupKey, 'labels'>): string {
  return labelsKey(labels);
}

/** @throws RequestRefused */
export function parseTtl(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new RequestRefused(400, `time to live ${JSON.stringify(text)}: ${(error as Error).message}`);
  }
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RequestRefused(400, `${JSON.stringify(part)} in the path is not percent-encoded UTF-8`);
  }
}

/** The alphabet for URLs, padded or not. */
function fromBase64(text: string, where: string): string {
  const bare = text.replace(/=+$/, '');
  if (!/^[A-Za-z0-9_-]*$/.test(bare) || bare.length % 4 === 1)
    throw new RequestRefused(
      400,
      `invalid base64 encoding ${where}: ${JSON.stringify(text)}; use the alphabet for URLs`,
    );
  return Buffer.from(bare, 'base64url').toString('utf8');
}

/** targets/relabel_steps: what relabelling makes of a target's labels, rule by rule. */
import { labelsFrom, labelsRecord, type Labels } from '../../shared/model/labels.ts';
import type { RelabelConfig } from '../config/config.ts';
import { dataJson } from './answer.ts';
import { ApiError } from './apiError.ts';
import type { ApiCall, ApiRoute } from './route.ts';

function relabelSteps({ params, rooms }: ApiCall): Iterable<string> {
  const pool = params.text('scrapePool');
  if (pool === '') throw new ApiError('bad_data', 'no scrapePool parameter provided');
  const text = params.text('labels');
  if (text === '') throw new ApiError('bad_data', 'no labels parameter provided');
  const steps = rooms.targets.relabelSteps(pool, parseLabels(text));
  if (steps === undefined) {
    throw new ApiError(
      'bad_data',
      `no scrape pool ${JSON.stringify(pool)}; /api/v1/scrape_pools lists those there are`,
    );
  }
  return dataJson({
    steps: steps.map(({ rule, output, keep }) => ({ rule: apiRule(rule), output: labelsRecord(output), keep })),
  });
}

function parseLabels(text: string): Labels {
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch (error) {
    throw new ApiError('bad_data', `error parsing labels: ${(error as Error).message}`, { cause: error });
  }
  const entries = typeof tree === 'object' && tree !== null && !Array.isArray(tree) ? Object.entries(tree) : undefined;
  if (entries?.every((entry): entry is [string, string] => typeof entry[1] === 'string') !== true)
    throw new ApiError('bad_data', 'error parsing labels: expected a JSON object of texts, such as {"job":"a"}');
  return labelsFrom(entries as [string, string][]);
}

/** A rule under the names of the configuration file; what it does not say is left out, as upstream leaves it out. */
function apiRule(rule: RelabelConfig): Record<string, unknown> {
  return {
    ...(rule.sourceLabels.length > 0 && { source_labels: rule.sourceLabels }),
    separator: rule.separator,
    ...(rule.regex !== '' && { regex: rule.regex }),
    ...(rule.modulus !== 0 && { modulus: rule.modulus }),
    ...(rule.targetLabel !== '' && { target_label: rule.targetLabel }),
    replacement: rule.replacement,
    action: rule.action,
  };
}

export const RELABEL_ROUTES: readonly ApiRoute[] = [
  { path: '/targets/relabel_steps', methods: ['GET'], answer: relabelSteps },
];

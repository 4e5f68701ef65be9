/** `match[]` parameters → matcher sets. */
import type { Matcher } from '../../shared/model/matchers.ts';
import { compileMatcher } from '../../shared/model/matchers.ts';
import { PromqlError } from '../../shared/promql/errors.ts';
import { ALL_SYNTAX } from '../../shared/promql/features.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { invalidParameter } from './apiError.ts';
import type { Params } from './params.ts';

/** The selectors of a request, `{}` for all series among them. @throws ApiError for what is no selector. */
export function anyMatcherSets(params: Params): Matcher[][] {
  return params.texts('match[]').map((text) => parseSelector(text, 'match[]'));
}

/**
 * The selectors of a request.
 *
 * @throws ApiError for what is no selector, and for a selector that would match everything.
 */
export function matcherSets(params: Params): Matcher[][] {
  const sets = anyMatcherSets(params);
  for (const set of sets) {
    if (set.every((matcher) => compileMatcher(matcher)(''))) {
      throw invalidParameter('match[]', 'match[] must contain at least one non-empty matcher');
    }
  }
  return sets;
}

/** No matchers for `{}`, which no expression may have. */
export function parseSelector(text: string, parameter: string): Matcher[] {
  if (/^\s*\{\s*\}\s*$/.test(text)) return [];
  const expr = parsed(text, parameter);
  if (expr.kind !== 'selector' || expr.offset !== undefined || expr.at !== undefined) {
    throw invalidParameter(parameter, `${JSON.stringify(text)} is not a series selector; write name{label="value"}`);
  }
  return [...expr.matchers];
}

/** The syntax tree of a parameter's text, experimental functions included: it is read here, not run. What is wrong is said as upstream says it. */
export function parsed(text: string, parameter: string): ReturnType<typeof parseExpr> {
  try {
    return parseExpr(text, ALL_SYNTAX);
  } catch (error) {
    if (error instanceof PromqlError) throw invalidParameter(parameter, error.message);
    throw error;
  }
}

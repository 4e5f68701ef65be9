/** `match[]` parameters → matcher sets. */
import type { Matcher } from '../../shared/model/matchers.ts';
import { compileMatcher } from '../../shared/model/matchers.ts';
import { PromqlError } from '../../shared/promql/errors.ts';
import { ALL_SYNTAX } from '../../shared/promql/features.ts';
import { parseExpr, type ParseOptions } from '../../shared/promql/parser.ts';
import { invalidParameter } from './apiError.ts';
import type { Params } from './params.ts';

/** The selectors of a request, which may match everything. @throws ApiError for what is no selector. */
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

/** It may match everything, as no query may. */
export function parseSelector(text: string, parameter: string): Matcher[] {
  const expr = parsed(text, parameter, { ...ALL_SYNTAX, anySelector: true });
  if (expr.kind !== 'selector' || expr.offset !== undefined || expr.at !== undefined) {
    throw invalidParameter(parameter, `${JSON.stringify(text)} is not a series selector; write name{label="value"}`);
  }
  return [...expr.matchers];
}

/** The syntax tree of a parameter's text, experimental functions included: it is read here, not run. What is wrong is said as upstream says it. */
export function parsed(
  text: string,
  parameter: string,
  options: ParseOptions = ALL_SYNTAX,
): ReturnType<typeof parseExpr> {
  try {
    return parseExpr(text, options);
  } catch (error) {
    if (error instanceof PromqlError) throw invalidParameter(parameter, error.message);
    throw error;
  }
}

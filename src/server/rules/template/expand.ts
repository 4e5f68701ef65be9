/** Templates of labels and annotations: parsed once, expanded for each alert. */
import type { Labels } from '../../../shared/model/labels.ts';
import { executeTemplate } from './execute.ts';
import { FUNCTION_NAMES, sampleRow, templateFunctions } from './functions.ts';
import { parseTemplate, type Template } from './parse.ts';
import { GoMap, GoStruct, type GoValue } from './values.ts';

/** Rows of an instant query at the evaluation time. Rejects with what is wrong with it. */
export type TemplateQuery = (expr: string) => Promise<readonly { readonly labels: Labels; readonly value: number }[]>;

export interface ExpandContext {
  readonly labels: Labels;
  readonly value: GoValue;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** The evaluation time, milliseconds. */
  readonly now: number;
  readonly query: TemplateQuery;
}

/** Different queries that one template may ask. */
const QUERIES_MAX = 100;
const VARIABLES = ['$labels', '$externalLabels', '$externalURL', '$value'];

/** The template asked a query that is not answered yet. */
class QueryNeeded extends Error {
  readonly expr: string;
  constructor(expr: string) {
    super(`query needed: ${expr}`);
    this.expr = expr;
  }
}

async function asked({ query }: ExpandContext, expr: string): ReturnType<TemplateQuery> {
  try {
    return await query(expr);
  } catch (fault) {
    throw new Error(`error calling query: ${(fault as Error).message}`, { cause: fault });
  }
}

/** A text with `{{ }}` in it, or none. */
export class RuleTemplate {
  readonly text: string;
  readonly #template: Template | undefined;

  /** @throws TemplateError with the line and what was expected. */
  constructor(text: string) {
    this.text = text;
    this.#template = text.includes('{{') ? parseTemplate(text, FUNCTION_NAMES, VARIABLES) : undefined;
  }

  /**
   * Runs the template; where it asks a query, that is answered and the template is run again from the start: templates have no effects.
   * Rejects with ExecuteError, or with what the query was refused for.
   */
  async expand(context: ExpandContext): Promise<string> {
    if (this.#template === undefined) return this.text;
    const answers = new Map<string, readonly GoStruct[]>();
    for (;;) {
      try {
        return this.#run(this.#template, context, answers);
      } catch (fault) {
        if (!(fault instanceof QueryNeeded)) throw fault;
        if (answers.size === QUERIES_MAX)
          throw new Error(`more than ${QUERIES_MAX} queries in one template`, { cause: fault });
        const rows = await asked(context, fault.expr);
        answers.set(
          fault.expr,
          rows.map(({ labels, value }) => sampleRow(labels, value)),
        );
      }
    }
  }

  #run(template: Template, context: ExpandContext, answers: ReadonlyMap<string, readonly GoStruct[]>): string {
    const functions = templateFunctions({
      now: context.now,
      externalUrl: context.externalUrl,
      query(expr) {
        const rows = answers.get(expr);
        if (rows === undefined) throw new QueryNeeded(expr);
        return rows;
      },
    });
    const labels = GoMap.ofTexts(context.labels);
    const externalLabels = GoMap.ofTexts(context.externalLabels);
    const { externalUrl, value } = context;
    const data = new GoStruct('alert data', {
      Labels: labels,
      ExternalLabels: externalLabels,
      ExternalURL: externalUrl,
      Value: value,
    });
    const variables = { $labels: labels, $externalLabels: externalLabels, $externalURL: externalUrl, $value: value };
    return executeTemplate(template, data, functions, variables, (fault) => fault instanceof QueryNeeded);
  }
}

import { prettyExpr } from '../../shared/promql/pretty.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { readable } from '../readable.ts';

/** Stands for a variable in a duration's place: nobody asks for so many years, and the longest duration has 292. */
const YEARS_FROM = 150;
const VARIABLE = /\$(?:\{\w+(?:\.\w+)?(?::\w+)?\}|\w+)|\[\[\w+\]\]/g;

/** The expression laid out on lines, variables in their places; undefined where it cannot be read. */
export function prettyWithVariables(expr: string): string | undefined {
  const variables: string[] = [];
  const stand = readable(expr);
  // `readable` says of what kind a variable is by its place; here each gets a name of its own of that kind.
  const marked = expr.replace(VARIABLE, (variable, at: number) => {
    const kind = stand.slice(at, at + variable.length).trim();
    const i = variables.push(variable) - 1;
    return kind === '1m' ? `${YEARS_FROM + i}y` : kind === '1' ? `${MARKED_NUMBER}${i}` : `v4r_${i}_`;
  });
  try {
    const text = prettyExpr(parseExpr(marked));
    const back = text
      .replace(/\b(\d{3})y\b/g, (whole, years: string) => variables[Number(years) - YEARS_FROM] ?? whole)
      .replace(new RegExp(`\\b${MARKED_NUMBER}(\\d+)\\b`, 'g'), (whole, i: string) => variables[Number(i)] ?? whole)
      .replace(/v4r_(\d+)_/g, (whole, i: string) => variables[Number(i)] ?? whole);
    return variables.every((variable) => back.includes(variable)) ? back : undefined;
  } catch {
    return undefined;
  }
}

const MARKED_NUMBER = '918273';

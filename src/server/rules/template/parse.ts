/** Pieces → tree, in the grammar of Go's text/template. Names of functions and variables are checked here, so that a bad template is told when it is loaded. */
import { scan, TemplateError, type Piece, type Token } from './scan.ts';

export type Operand =
  | { readonly kind: 'dot' }
  | { readonly kind: 'nil' }
  | { readonly kind: 'constant'; readonly value: string | number | bigint | boolean }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe }
  | { readonly kind: 'fields'; readonly of: Operand; readonly names: readonly string[] };

export interface Command {
  readonly operands: readonly Operand[];
  readonly line: number;
}

export interface Pipe {
  readonly line: number;
  /** Variables that take the value; two in a range take index and element. */
  readonly names: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export type Node =
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | { readonly kind: 'template'; readonly name: string; readonly pipe: Pipe | undefined; readonly line: number }
  | { readonly kind: 'break' | 'continue' };

export interface Template {
  readonly body: readonly Node[];
  /** Those that `define` and `block` name. */
  readonly defined: ReadonlyMap<string, readonly Node[]>;
}

/** Blocks inside blocks; and parentheses inside parentheses. */
const DEPTH_MAX = 100;

/**
 * @param functions names that may be called.
 * @param variables names that are there from the beginning, such as `$labels`.
 * @throws TemplateError with the line and what was expected.
 */
export function parseTemplate(
  text: string,
  functions: ReadonlySet<string>,
  variables: readonly string[] = [],
): Template {
  return new Parser(scan(text), functions, variables).template();
}

class Parser {
  readonly #pieces: readonly Piece[];
  readonly #functions: ReadonlySet<string>;
  readonly #defined = new Map<string, readonly Node[]>();
  #variables: string[];
  #at = 0;
  #depth = 0;
  #rangeDepth = 0;

  constructor(pieces: readonly Piece[], functions: ReadonlySet<string>, variables: readonly string[]) {
    this.#pieces = pieces;
    this.#functions = functions;
    this.#variables = ['$', ...variables];
  }

  template(): Template {
    const { nodes, end } = this.#list();
    if (end !== undefined) throw new TemplateError(end.line, `unexpected {{${end.word}}}`);
    return { body: nodes, defined: this.#defined };
  }

  /** Nodes up to the `end` or `else` that closes them, which is given with the tokens after its word. */
  #list(): { nodes: Node[]; end: { word: 'end' | 'else'; rest: readonly Token[]; line: number } | undefined } {
    const nodes: Node[] = [];
    while (this.#at < this.#pieces.length) {
      const piece = this.#pieces[this.#at++];
      if (piece.kind === 'plain') {
        nodes.push(piece);
        continue;
      }
      const [first, ...rest] = piece.tokens;
      if (first === undefined) throw new TemplateError(piece.line, 'missing value for command');
      if (first.kind === 'keyword' && (first.text === 'end' || first.text === 'else')) {
        if (first.text === 'end' && rest.length > 0)
          throw new TemplateError(first.line, `unexpected ${JSON.stringify(rest[0].text)} in end`);
        return { nodes, end: { word: first.text, rest, line: first.line } };
      }
      const node = first.kind === 'keyword' ? this.#keyword(first, rest) : this.#print(piece.tokens, piece.line);
      if (node !== undefined) nodes.push(node);
    }
    return { nodes, end: undefined };
  }

  #print(tokens: readonly Token[], line: number): Node {
    return { kind: 'print', pipe: this.#wholePipe(tokens, line, 'command') };
  }

  #keyword({ text, line }: Token, rest: readonly Token[]): Node | undefined {
    switch (text) {
      case 'if':
      case 'with':
      case 'range':
        return this.#branch(text, rest, line);
      case 'break':
      case 'continue':
        if (this.#rangeDepth === 0) throw new TemplateError(line, `{{${text}}} outside {{range}}`);
        if (rest.length > 0) throw new TemplateError(line, `unexpected ${JSON.stringify(rest[0].text)} in {{${text}}}`);
        return { kind: text };
      case 'define':
        this.#define(text, rest, line);
        return undefined;
      case 'block': {
        const name = this.#define(text, rest.slice(0, 1), line);
        return { kind: 'template', name, pipe: this.#wholePipe(rest.slice(1), line, 'block clause'), line };
      }
      default: {
        const name = nameOf(rest[0], line, 'template clause');
        const pipe = rest.length > 1 ? this.#wholePipe(rest.slice(1), line, 'template clause') : undefined;
        return { kind: 'template', name, pipe, line };
      }
    }
  }

  #define(word: string, rest: readonly Token[], line: number): string {
    const name = nameOf(rest[0], line, `${word} clause`);
    if (rest.length > 1) throw new TemplateError(line, `unexpected ${JSON.stringify(rest[1].text)} in ${word} clause`);
    if (this.#defined.has(name))
      throw new TemplateError(line, `multiple definition of template ${JSON.stringify(name)}`);
    const outer = this.#variables;
    const ranges = this.#rangeDepth;
    this.#variables = ['$'];
    this.#rangeDepth = 0;
    const { nodes, end } = this.#deeper(line, () => this.#list());
    if (end?.word !== 'end')
      throw new TemplateError(
        end?.line ?? line,
        end === undefined ? 'unexpected end of template; {{end}} is missing' : 'unexpected {{else}}',
      );
    this.#variables = outer;
    this.#rangeDepth = ranges;
    this.#defined.set(name, nodes);
    return name;
  }

  #branch(kind: 'if' | 'with' | 'range', rest: readonly Token[], line: number): Node {
    const outer = this.#variables.length;
    const pipe = this.#wholePipe(rest, line, kind, kind === 'range' ? 2 : 1);
    if (kind === 'range') this.#rangeDepth++;
    const { nodes: body, end } = this.#deeper(line, () => this.#list());
    if (kind === 'range') this.#rangeDepth--;
    if (end === undefined)
      throw new TemplateError(line, `unexpected end of template; {{end}} is missing for {{${kind}}}`);
    let otherwise: Node[] = [];
    if (end.word === 'else') otherwise = this.#otherwise(kind, end.rest, end.line);
    this.#variables.length = outer;
    return { kind, pipe, body, otherwise };
  }

  /** What follows `else`; `else if` and `else with` share the `end` of the whole. */
  #otherwise(kind: 'if' | 'with' | 'range', rest: readonly Token[], line: number): Node[] {
    if (rest.length === 0) {
      const { nodes, end } = this.#deeper(line, () => this.#list());
      if (end?.word !== 'end')
        throw new TemplateError(
          end?.line ?? line,
          end === undefined ? 'unexpected end of template; {{end}} is missing' : `unexpected {{else}} after {{else}}`,
        );
      return nodes;
    }
    const [first, ...others] = rest;
    if (kind === 'range' || first.kind !== 'keyword' || first.text !== kind)
      throw new TemplateError(line, `unexpected ${JSON.stringify(first.text)} after {{else}}`);
    return [this.#deeper(line, () => this.#branch(kind, others, line))];
  }

  #deeper<T>(line: number, read: () => T): T {
    if (++this.#depth > DEPTH_MAX) throw new TemplateError(line, `more than ${DEPTH_MAX} blocks inside each other`);
    const result = read();
    this.#depth--;
    return result;
  }

  #wholePipe(tokens: readonly Token[], line: number, where: string, namesMax = 1): Pipe {
    const input = new TokenInput(tokens, line);
    const pipe = this.#pipe(input, where, namesMax);
    const left = input.peek();
    if (left !== undefined) throw new TemplateError(left.line, `unexpected ${JSON.stringify(left.text)} in ${where}`);
    return pipe;
  }

  #pipe(input: TokenInput, where: string, namesMax: number): Pipe {
    const line = input.line;
    const { names, assigns } = this.#declared(input, namesMax);
    const commands: Command[] = [];
    for (;;) {
      commands.push(this.#command(input, where));
      if (!input.takes('|')) break;
    }
    commands.slice(1).forEach(({ operands: [first] }) => {
      if (first.kind === 'constant' || first.kind === 'nil' || first.kind === 'dot')
        throw new TemplateError(line, 'a value that is no function stands after |');
    });
    if (!assigns) this.#variables.push(...names);
    return { line, names, assigns, commands };
  }

  /** `$x :=`, `$x =`, `$i, $x :=`, or nothing. */
  #declared(input: TokenInput, namesMax: number): { names: string[]; assigns: boolean } {
    const [first, mark, second, then] = [input.peek(), input.peek(1), input.peek(2), input.peek(3)];
    if (first?.kind !== 'variable') return { names: [], assigns: false };
    const isSign = (token: Token | undefined) => token?.kind === 'mark' && (token.text === ':=' || token.text === '=');
    const names = isSign(mark)
      ? [first.text]
      : mark?.text === ',' && second?.kind === 'variable' && isSign(then)
        ? [first.text, second.text]
        : [];
    if (names.length === 0) return { names, assigns: false };
    if (names.length > namesMax) throw new TemplateError(first.line, 'too many declarations; only {{range}} takes two');
    const assigns = (names.length === 1 ? mark : then)!.text === '=';
    input.skip(2 * names.length);
    if (assigns) for (const name of names) this.#known(name, first.line);
    return { names, assigns };
  }

  #command(input: TokenInput, where: string): Command {
    const operands: Operand[] = [];
    const line = input.line;
    for (
      let next = input.peek();
      next !== undefined && !(next.kind === 'mark' && '|),'.includes(next.text));
      next = input.peek()
    ) {
      if (operands.length > 0 && !next.spaced && next.kind !== 'field')
        throw new TemplateError(next.line, `unexpected ${JSON.stringify(next.text)}; put a blank before it`);
      operands.push(this.#operand(input, where));
    }
    if (operands.length === 0) throw new TemplateError(line, `missing value for ${where}`);
    return { operands, line };
  }

  #operand(input: TokenInput, where: string): Operand {
    let operand = this.#term(input, where);
    const names: string[] = [];
    for (let next = input.peek(); next?.kind === 'field' && !next.spaced; next = input.peek())
      names.push(input.take().text);
    if (names.length === 0) return operand;
    if (operand.kind === 'constant' || operand.kind === 'nil')
      throw new TemplateError(input.line, `unexpected .${names[0]} after a constant`);
    if (operand.kind === 'fields') operand = { ...operand, names: [...operand.names, ...names] };
    else operand = { kind: 'fields', of: operand, names };
    return operand;
  }

  #term(input: TokenInput, where: string): Operand {
    const token = input.take();
    switch (token.kind) {
      case 'dot':
        return { kind: 'dot' };
      case 'nil':
        return { kind: 'nil' };
      case 'bool':
        return { kind: 'constant', value: token.text === 'true' };
      case 'text':
        return { kind: 'constant', value: token.text };
      case 'char':
        return { kind: 'constant', value: BigInt(token.text.codePointAt(0)!) };
      case 'number':
        return { kind: 'constant', value: numberOf(token) };
      case 'field':
        return { kind: 'fields', of: { kind: 'dot' }, names: [token.text] };
      case 'variable':
        return { kind: 'variable', name: this.#known(token.text, token.line) };
      case 'identifier':
        if (!this.#functions.has(token.text))
          throw new TemplateError(token.line, `function ${JSON.stringify(token.text)} not defined`);
        return { kind: 'call', name: token.text };
      default: {
        if (token.text !== '(')
          throw new TemplateError(token.line, `unexpected ${JSON.stringify(token.text)} in ${where}`);
        const pipe = this.#deeper(token.line, () => this.#pipe(input, 'parenthesized pipeline', 1));
        if (!input.takes(')')) throw new TemplateError(token.line, 'unclosed left paren');
        return { kind: 'pipe', pipe };
      }
    }
  }

  #known(name: string, line: number): string {
    if (!this.#variables.includes(name)) throw new TemplateError(line, `undefined variable ${JSON.stringify(name)}`);
    return name;
  }
}

class TokenInput {
  readonly #tokens: readonly Token[];
  readonly #line: number;
  #at = 0;
  constructor(tokens: readonly Token[], line: number) {
    this.#tokens = tokens;
    this.#line = line;
  }

  get line(): number {
    return this.peek()?.line ?? this.#line;
  }

  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  take(): Token {
    return this.#tokens[this.#at++];
  }

  skip(count: number): void {
    this.#at += count;
  }

  takes(mark: string): boolean {
    const next = this.peek();
    if (next?.kind !== 'mark' || next.text !== mark) return false;
    this.#at++;
    return true;
  }
}

function nameOf(token: Token | undefined, line: number, where: string): string {
  if (token?.kind !== 'text') throw new TemplateError(line, `a quoted name is missing in ${where}`);
  return token.text;
}

/** Whole numbers are Go's int; those with a point or an exponent are floats. */
function numberOf({ text, line }: Token): number | bigint {
  const digits = text.replaceAll('_', '').replace(/^\+/, '');
  if (/^-?0[xXbBoO]/.test(digits)) return digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits);
  if (/[.eE]/.test(digits)) {
    const value = Number(digits);
    if (Number.isNaN(value)) throw new TemplateError(line, `bad number syntax: ${JSON.stringify(text)}`);
    return value;
  }
  return BigInt(digits);
}

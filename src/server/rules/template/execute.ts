/** Runs a template over its data, as Go's text/template does with `missingkey=zero`. */
import { printed } from './goFormat.ts';
import type { Command, Node, Operand, Pipe, Template } from './parse.ts';
import { GoMap, GoStruct, truth, typeName, type GoValue } from './values.ts';

/** A function of templates. Throws an Error with what is wrong. */
export type TemplateFunction = (...args: readonly GoValue[]) => GoValue;
export type TemplateFunctions = Readonly<Record<string, TemplateFunction>>;

/** Characters that a template may make, and steps that it may take: a mistake in a rule must not hold the server. */
const TEXT_CHARS_MAX = 1 << 20;
const STEPS_MAX = 1_000_000;
const TEMPLATE_DEPTH_MAX = 100;

export class ExecuteError extends Error {
  constructor(line: number, why: string, cause?: unknown) {
    super(`line ${line}: ${why}`, { cause });
    this.name = 'ExecuteError';
  }
}

/** What ends a loop early. */
type Ending = 'break' | 'continue' | undefined;

/**
 * @param data what `.` and `$` are.
 * @param variables those that are there from the beginning.
 * @throws ExecuteError; what a function throws that is no Error of its own words (see `passes`) comes through as it is.
 */
export function executeTemplate(
  template: Template,
  data: GoValue,
  functions: TemplateFunctions,
  variables: Readonly<Record<string, GoValue>> = {},
  passes: (fault: unknown) => boolean = () => false,
): string {
  return new Execution(template, functions, passes).run(data, variables);
}

class Execution {
  readonly #template: Template;
  readonly #functions: TemplateFunctions;
  readonly #passes: (fault: unknown) => boolean;
  readonly #variables: { readonly name: string; value: GoValue }[] = [];
  /** Variables of templates that call this one lie below it and are not seen. */
  #frame = 0;
  #text = '';
  #steps = 0;
  #depth = 0;

  constructor(template: Template, functions: TemplateFunctions, passes: (fault: unknown) => boolean) {
    this.#template = template;
    this.#functions = functions;
    this.#passes = passes;
  }

  run(data: GoValue, variables: Readonly<Record<string, GoValue>>): string {
    this.#variables.push({ name: '$', value: data });
    for (const [name, value] of Object.entries(variables)) this.#variables.push({ name, value });
    this.#nodes(this.#template.body, data);
    return this.#text;
  }

  #nodes(nodes: readonly Node[], dot: GoValue): Ending {
    const outer = this.#variables.length;
    for (const node of nodes) {
      const ending = this.#node(node, dot);
      if (ending === undefined) continue;
      this.#variables.length = outer;
      return ending;
    }
    this.#variables.length = outer;
    return undefined;
  }

  #node(node: Node, dot: GoValue): Ending {
    switch (node.kind) {
      case 'plain':
        this.#write(node.text, 0);
        return undefined;
      case 'print': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.names.length === 0) this.#write(printed(value === null ? undefined : value), node.pipe.line);
        return undefined;
      }
      case 'break':
      case 'continue':
        return node.kind;
      case 'range':
        return this.#range(node.pipe, node.body, node.otherwise, dot);
      case 'template':
        this.#call(node.name, node.pipe === undefined ? null : this.#pipe(node.pipe, dot), node.line);
        return undefined;
      default:
        return this.#branch(node, dot);
    }
  }

  #branch({ kind, pipe, body, otherwise }: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: GoValue): Ending {
    const outer = this.#variables.length;
    const value = this.#pipe(pipe, dot);
    const ending = truth(value) ? this.#nodes(body, kind === 'with' ? value : dot) : this.#nodes(otherwise, dot);
    this.#variables.length = outer;
    return ending;
  }

  #range(pipe: Pipe, body: readonly Node[], otherwise: readonly Node[], dot: GoValue): Ending {
    const outer = this.#variables.length;
    const value = this.#pipe({ ...pipe, names: [] }, dot);
    let any = false;
    for (const [index, element] of elementsOf(value, pipe.line)) {
      any = true;
      this.#step(pipe.line);
      const { names } = pipe;
      if (names.length > 0) this.#set(names[names.length - 1], element, pipe.assigns);
      if (names.length > 1) this.#set(names[0], index, pipe.assigns);
      const ending = this.#nodes(body, element);
      this.#variables.length = outer;
      if (ending === 'break') break;
    }
    return any ? undefined : this.#nodes(otherwise, dot);
  }

  #call(name: string, dot: GoValue, line: number): void {
    const body = this.#template.defined.get(name);
    if (body === undefined) throw new ExecuteError(line, `template ${JSON.stringify(name)} not defined`);
    if (++this.#depth > TEMPLATE_DEPTH_MAX)
      throw new ExecuteError(line, `templates call each other more than ${TEMPLATE_DEPTH_MAX} deep`);
    const frame = this.#frame;
    this.#frame = this.#variables.length;
    this.#variables.push({ name: '$', value: dot });
    this.#nodes(body, dot);
    this.#variables.length = this.#frame;
    this.#frame = frame;
    this.#depth--;
  }

  #pipe(pipe: Pipe, dot: GoValue): GoValue {
    let value: GoValue;
    pipe.commands.forEach((command, i) => {
      value = this.#command(command, dot, i === 0 ? [] : [value]);
    });
    for (const name of pipe.names) this.#set(name, value, pipe.assigns);
    return value;
  }

  #command({ operands, line }: Command, dot: GoValue, piped: readonly GoValue[]): GoValue {
    this.#step(line);
    const [first, ...rest] = operands;
    if (first.kind === 'call') return this.#invoke(first.name, rest, dot, piped, line);
    if (first.kind === 'nil') throw new ExecuteError(line, 'nil is not a command');
    if (rest.length > 0 || piped.length > 0)
      throw new ExecuteError(line, `can't give argument to non-function ${described(first)}`);
    return this.#operand(first, dot, line);
  }

  #invoke(name: string, rest: readonly Operand[], dot: GoValue, piped: readonly GoValue[], line: number): GoValue {
    if (name === 'and' || name === 'or') return this.#junction(name, rest, dot, piped, line);
    const args = [...rest.map((operand) => this.#operand(operand, dot, line)), ...piped];
    try {
      return this.#functions[name](...args);
    } catch (fault) {
      if (this.#passes(fault)) throw fault;
      throw new ExecuteError(
        line,
        `error calling ${name}: ${fault instanceof Error ? fault.message : String(fault)}`,
        fault,
      );
    }
  }

  /** The first argument that decides it; those after it are not evaluated. */
  #junction(
    name: 'and' | 'or',
    rest: readonly Operand[],
    dot: GoValue,
    piped: readonly GoValue[],
    line: number,
  ): GoValue {
    let value: GoValue;
    if (rest.length + piped.length === 0)
      throw new ExecuteError(line, `wrong number of args for ${name}: want at least 1 got 0`);
    for (const operand of rest) {
      value = this.#operand(operand, dot, line);
      if (truth(value) === (name === 'or')) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  #operand(operand: Operand, dot: GoValue, line: number): GoValue {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'constant':
        return operand.value;
      case 'variable':
        return this.#variable(operand.name, line).value;
      case 'call':
        return this.#invoke(operand.name, [], dot, [], line);
      case 'pipe':
        return this.#pipe(operand.pipe, dot);
      default: {
        let value = this.#operand(operand.of, dot, line);
        for (const name of operand.names) value = fieldOf(value, name, line);
        return value;
      }
    }
  }

  #variable(name: string, line: number): { value: GoValue } {
    for (let i = this.#variables.length - 1; i >= this.#frame; i--)
      if (this.#variables[i].name === name) return this.#variables[i];
    throw new ExecuteError(line, `undefined variable: ${name}`);
  }

  #set(name: string, value: GoValue, assigns: boolean): void {
    if (assigns) this.#variable(name, 0).value = value;
    else this.#variables.push({ name, value });
  }

  #write(text: string, line: number): void {
    this.#text += text;
    if (this.#text.length > TEXT_CHARS_MAX)
      throw new ExecuteError(line, `the text is longer than ${TEXT_CHARS_MAX} characters`);
  }

  #step(line: number): void {
    if (++this.#steps > STEPS_MAX) throw new ExecuteError(line, `more than ${STEPS_MAX} steps`);
  }
}

function* elementsOf(value: GoValue, line: number): Iterable<readonly [GoValue, GoValue]> {
  if (value === null || value === undefined) return;
  if (value instanceof GoMap) {
    for (const key of value.keys) yield [key, value.entries.get(key)];
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield [BigInt(i), value[i]];
  } else if (typeof value === 'bigint') {
    for (let i = 0n; i < value; i++) yield [i, i];
  } else {
    throw new ExecuteError(line, `range can't iterate over ${printed(value)}`);
  }
}

function fieldOf(value: GoValue, name: string, line: number): GoValue {
  if (value instanceof GoMap) return value.entries.has(name) ? value.entries.get(name) : value.zero;
  if (value instanceof GoStruct && Object.hasOwn(value.fields, name)) return value.fields[name];
  if (value === null || value === undefined)
    throw new ExecuteError(line, `nil data; no entry for key ${JSON.stringify(name)}`);
  throw new ExecuteError(line, `can't evaluate field ${name} in type ${typeName(value)}`);
}

function described(operand: Operand): string {
  if (operand.kind === 'fields')
    return `${operand.of.kind === 'variable' ? operand.of.name : ''}.${operand.names.join('.')}`;
  if (operand.kind === 'constant') return printed(operand.value);
  return operand.kind === 'variable' ? operand.name : `a ${operand.kind}`;
}

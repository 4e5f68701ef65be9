/**
 * Assembles the part of WebAssembly's text format that our kernels are written in: one memory, constants by name, functions with folded instructions.
 * Names stand for their place; `(const $name 16)` outside of functions names a number that instructions may use. Functions may call each other.
 */

type Expression = string | readonly Expression[];

const VALUE_TYPES: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b };
const VOID = 0x40;
const END = 0x0b;
const ELSE = 0x05;
const SIMD_PREFIX = 0xfd;

/** Opcodes without an immediate. */
const PLAIN: Readonly<Record<string, readonly number[]>> = {
  return: [0x0f],
  select: [0x1b],
  'i32.eqz': [0x45],
  'i32.eq': [0x46],
  'i32.ne': [0x47],
  'i32.lt_s': [0x48],
  'i32.lt_u': [0x49],
  'i32.gt_s': [0x4a],
  'i32.gt_u': [0x4b],
  'i32.ge_s': [0x4e],
  'i32.le_u': [0x4d],
  'i32.ge_u': [0x4f],
  'i64.eqz': [0x50],
  'i64.eq': [0x51],
  'i64.ne': [0x52],
  'i64.lt_u': [0x54],
  'i64.gt_s': [0x55],
  'i64.gt_u': [0x56],
  'i64.le_u': [0x58],
  'i64.ge_u': [0x5a],
  'f64.eq': [0x61],
  'f64.ne': [0x62],
  'f64.lt': [0x63],
  'f64.gt': [0x64],
  'f64.le': [0x65],
  'f64.ge': [0x66],
  'i32.ctz': [0x68],
  'i32.popcnt': [0x69],
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i32.mul': [0x6c],
  'i32.div_u': [0x6e],
  'i32.and': [0x71],
  'i32.or': [0x72],
  'i32.xor': [0x73],
  'i32.shl': [0x74],
  'i32.shr_s': [0x75],
  'i32.shr_u': [0x76],
  'i64.clz': [0x79],
  'i64.ctz': [0x7a],
  'i64.add': [0x7c],
  'i64.sub': [0x7d],
  'i64.mul': [0x7e],
  'i64.div_u': [0x80],
  'i64.rem_u': [0x82],
  'i64.and': [0x83],
  'i64.or': [0x84],
  'i64.xor': [0x85],
  'i64.shl': [0x86],
  'i64.shr_s': [0x87],
  'i64.shr_u': [0x88],
  'f64.abs': [0x99],
  'f64.neg': [0x9a],
  'f64.ceil': [0x9b],
  'f64.floor': [0x9c],
  'f64.add': [0xa0],
  'f64.sub': [0xa1],
  'f64.mul': [0xa2],
  'f64.div': [0xa3],
  'i32.wrap_i64': [0xa7],
  'i64.extend_i32_u': [0xad],
  'i64.trunc_f64_s': [0xb0],
  'f64.convert_i32_u': [0xb8],
  'f64.convert_i64_s': [0xb9],
  'f64.convert_i64_u': [0xba],
  'i64.reinterpret_f64': [0xbd],
  'f64.reinterpret_i64': [0xbf],
  'i8x16.ne': [SIMD_PREFIX, 0x24],
  'v128.any_true': [SIMD_PREFIX, 0x53],
  'i8x16.bitmask': [SIMD_PREFIX, 0x64],
  'i16x8.extend_low_i8x16_u': [SIMD_PREFIX, 0x89, 0x01],
  'i16x8.extend_high_i8x16_u': [SIMD_PREFIX, 0x8a, 0x01],
  'i16x8.add': [SIMD_PREFIX, 0x8e, 0x01],
};
/** Opcodes with an alignment (always 0: none is promised) and an offset. */
const MEMORY: Readonly<Record<string, readonly number[]>> = {
  'i32.load': [0x28],
  'i64.load': [0x29],
  'f64.load': [0x2b],
  'i32.load8_u': [0x2d],
  'i32.load16_u': [0x2f],
  'i64.load32_u': [0x35],
  'i32.store': [0x36],
  'i64.store': [0x37],
  'f64.store': [0x39],
  'i32.store8': [0x3a],
  'i32.store16': [0x3b],
  'i64.store8': [0x3c],
  'v128.load': [SIMD_PREFIX, 0x00],
  'v128.store': [SIMD_PREFIX, 0x0b],
};
const LOCAL: Readonly<Record<string, number>> = { 'local.get': 0x20, 'local.set': 0x21, 'local.tee': 0x22 };
const BRANCH: Readonly<Record<string, number>> = { br: 0x0c, br_if: 0x0d };
const CALL = 0x10;

/** The module's bytes. @throws Error for a word that is not known; our own mistake. */
export function assemble(text: string): Uint8Array<ArrayBuffer> {
  const forms = parse(text);
  const constants = new Map(forms.filter(([head]) => head === 'const').map(([, name, v]) => [String(name), String(v)]));
  const memory = forms.find(([head]) => head === 'memory');
  const declared = forms.filter(([head]) => head === 'func');
  const numbers = new Map(declared.map(([, name], i) => [String(name), i]));
  const functions = declared.map((form) => assembleFunction(form, constants, numbers));
  const exported = functions.map(({ name }, i) => [...bytesOf(name), 0x00, ...unsigned(i)]);
  const pages = [0x00, ...unsigned(Number(memory?.at(-1)))];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(functions.map(({ type }) => type))),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(5, vector([pages])),
    ...section(7, vector([[...bytesOf('memory'), 0x02, 0x00], ...exported])),
    ...section(10, vector(functions.map(({ code }) => [...unsigned(code.length), ...code]))),
  ]);
}

/** Lists in parentheses; `;;` begins a comment. */
function parse(text: string): (readonly Expression[])[] {
  const words = text.replace(/;;.*$/gm, '').match(/[()]|[^\s()]+/g) ?? [];
  const open: Expression[][] = [[]];
  for (const word of words) {
    if (word === '(') {
      open.push([]);
    } else if (word === ')') {
      const list = open.pop()!;
      open.at(-1)!.push(list);
    } else {
      open.at(-1)!.push(word);
    }
  }
  if (open.length !== 1) throw new Error('a parenthesis is missing');
  return open[0] as Expression[][];
}

function assembleFunction(
  [, name, ...parts]: readonly Expression[],
  constants: ReadonlyMap<string, string>,
  functions: ReadonlyMap<string, number>,
): { name: string; type: number[]; code: number[] } {
  const of = (kind: string) => parts.filter((part): part is readonly string[] => part[0] === kind);
  const typeOf = (declared: readonly string[]) => VALUE_TYPES[declared.at(-1)!];
  const params = of('param');
  const locals = of('local');
  const places = new Map([...params, ...locals].map(([, local], i) => [local, i]));
  const body = parts.filter((part) => !['param', 'local', 'result'].includes(String(part[0])));
  const code = new CodeWriter(places, constants, functions);
  for (const instruction of body) code.write(instruction, []);
  return {
    name: String(name).slice(1),
    type: [0x60, ...vector(params.map((p) => [typeOf(p)])), ...vector(of('result').map((r) => [typeOf(r)]))],
    code: [...vector(locals.map((local) => [1, typeOf(local)])), ...code.bytes, END],
  };
}

class CodeWriter {
  readonly bytes: number[] = [];
  readonly #locals: ReadonlyMap<string, number>;
  readonly #constants: ReadonlyMap<string, string>;
  readonly #functions: ReadonlyMap<string, number>;

  constructor(
    locals: ReadonlyMap<string, number>,
    constants: ReadonlyMap<string, string>,
    functions: ReadonlyMap<string, number>,
  ) {
    this.#locals = locals;
    this.#constants = constants;
    this.#functions = functions;
  }

  /** @param labels of the blocks around, the innermost first. */
  write(instruction: Expression, labels: readonly string[]): void {
    if (typeof instruction === 'string') throw new Error(`${instruction} stands alone`);
    const [word, ...rest] = instruction as readonly [string, ...Expression[]];
    const operands = (from: number) => rest.slice(from).forEach((operand) => this.write(operand, labels));
    if (word === 'block' || word === 'loop') {
      const [label, ...body] = rest as [string, ...Expression[]];
      this.bytes.push(word === 'block' ? 0x02 : 0x03, VOID);
      for (const each of body) this.write(each, [label, ...labels]);
      this.bytes.push(END);
    } else if (word === 'if') {
      this.#writeIf(rest as (readonly Expression[])[], labels);
    } else if (word.endsWith('.const')) {
      this.#writeConstant(word, this.#number(rest[0] as string));
    } else if (word in LOCAL) {
      const place = this.#locals.get(rest[0] as string);
      if (place === undefined) throw new Error(`no local ${String(rest[0])}`);
      operands(1);
      this.bytes.push(LOCAL[word], ...unsigned(place));
    } else if (word in BRANCH) {
      const depth = labels.indexOf(rest[0] as string);
      if (depth < 0) throw new Error(`no block ${String(rest[0])}`);
      operands(1);
      this.bytes.push(BRANCH[word], ...unsigned(depth));
    } else if (word === 'call') {
      const number = this.#functions.get(rest[0] as string);
      if (number === undefined) throw new Error(`no function ${String(rest[0])}`);
      operands(1);
      this.bytes.push(CALL, ...unsigned(number));
    } else if (word in MEMORY) {
      const hasOffset = typeof rest[0] === 'string';
      operands(hasOffset ? 1 : 0);
      const offset = hasOffset ? Number(this.#number((rest[0] as string).replace('offset=', ''))) : 0;
      this.bytes.push(...MEMORY[word], 0, ...unsigned(offset));
    } else if (word in PLAIN) {
      operands(0);
      this.bytes.push(...PLAIN[word]);
    } else {
      throw new Error(`no instruction ${word}`);
    }
  }

  /** `(if condition (then …) (else …))` */
  #writeIf(parts: readonly (readonly Expression[])[], labels: readonly string[]): void {
    const [condition, then, otherwise] = parts;
    this.write(condition, labels);
    this.bytes.push(0x04, VOID);
    for (const each of then.slice(1)) this.write(each, ['', ...labels]);
    if (otherwise !== undefined) {
      this.bytes.push(ELSE);
      for (const each of otherwise.slice(1)) this.write(each, ['', ...labels]);
    }
    this.bytes.push(END);
  }

  #writeConstant(word: string, text: string): void {
    if (word === 'f64.const')
      return void this.bytes.push(0x44, ...new Uint8Array(Float64Array.of(Number(text)).buffer));
    this.bytes.push(word === 'i32.const' ? 0x41 : 0x42, ...signed(BigInt(text)));
  }

  #number(text: string): string {
    if (!text.startsWith('$')) return text;
    const v = this.#constants.get(text);
    if (v === undefined) throw new Error(`no constant ${text}`);
    return v;
  }
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function bytesOf(name: string): number[] {
  return [...unsigned(name.length), ...Buffer.from(name)];
}

/** LEB128. */
function unsigned(v: number): number[] {
  return v < 0x80 ? [v] : [(v & 0x7f) | 0x80, ...unsigned(v >>> 7)];
}

function signed(v: bigint): number[] {
  const low = Number(v & 0x7fn);
  const rest = v >> 7n;
  const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}

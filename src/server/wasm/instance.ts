/** A module made of its text, running. */
import { assemble } from './assembler.ts';

/** What is used of the global that neither Node's types nor the language's library name. */
interface WasmRuntime {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}
const wasm = (globalThis as unknown as { readonly WebAssembly: WasmRuntime }).WebAssembly;

export interface WasmMemory {
  /** Another one after `grow`; the one before is empty then. */
  readonly buffer: ArrayBuffer;
  /** By so many pages of 64 KiB. @throws RangeError where the machine has no more. */
  grow(pages: number): number;
}

/** @returns the module's functions by name. `Functions` is what its text declares. */
export function instantiate<Functions>(text: string): Functions & { readonly memory: WasmMemory } {
  return new wasm.Instance(new wasm.Module(assemble(text))).exports as Functions & { readonly memory: WasmMemory };
}

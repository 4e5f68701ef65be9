/** Pieces of the text that kernels are written in. */

export const byte = (character: string): string => `(i32.const ${character.charCodeAt(0)})`;
export const get = (name: string): string => `(local.get $${name})`;
export const set = (name: string, value: string): string => `(local.set $${name} ${value})`;
export const increase = (name: string, by: string): string => set(name, `(i32.add ${get(name)} ${by})`);

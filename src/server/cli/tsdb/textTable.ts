/** Tables and sizes for people, as text. */
export type Cell = string | number;

/** Columns as wide as their widest cell; the first one to the left, the others to the right. */
export function table(head: readonly Cell[], rows: readonly (readonly Cell[])[]): string[] {
  const lines = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column] + 2);
  return lines.map((line) => line.map(pad).join('').trimEnd());
}

export function ratio(bytes: number, samples: number): string {
  return samples === 0 ? '-' : (bytes / samples).toFixed(3);
}

export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`;
}

import { RAMP_SIZE } from '../shared/heatmap/palettes.ts';
import type { Layout } from './layout.ts';
import type { RasterPalette } from './theme.ts';

/** Cells at least so many CSS pixels wide and high are set apart by a line of the ground; smaller ones touch. */
const GAP_FROM_PX = 5;

/** Device pixels of the raster of a layout. */
export function rasterSize(layout: Layout): { width: number; height: number } {
  const { plot, size } = layout;
  return {
    width: Math.max(1, Math.round(plot.width * size.pixelRatio)),
    height: Math.max(1, Math.round(plot.height * size.pixelRatio)),
  };
}

/**
 * The cells as RGBA bytes, row by row from the top, rasterSize(layout) large: what belongs at the layout's plot. Transparent where the ground shows.
 * Work grows with pixels; the layout has merged what is smaller than one.
 */
export function raster(layout: Layout, palette: RasterPalette): Uint8ClampedArray {
  const { width, height } = rasterSize(layout);
  const { grid, plot, size } = layout;
  const ratio = size.pixelRatio;
  const bytes = new Uint8ClampedArray(width * height * 4);
  const pixels = new Uint32Array(bytes.buffer);
  const inks = inksOf(palette);
  const lefts = Int32Array.from(layout.columnEdges, (x) => clamp(Math.round((x - plot.x) * ratio), width));
  const columnGap = gapOf(lefts, ratio);
  const line = { fill: new Uint32Array(width), hatch: new Uint32Array(width), gap: new Uint8Array(width) };

  for (let y = 0; y < layout.rows.length; y++) {
    const row = layout.rows[y];
    const top = clamp(Math.round((row.top - plot.y) * ratio), height);
    const bottom = clamp(Math.round((row.bottom - plot.y) * ratio), height);
    const rowGap = bottom - top >= GAP_FROM_PX * ratio ? columnGap : 0;
    fillLine(line, layout, inks, y, lefts, columnGap);
    const hatched = row.strip !== undefined;
    for (let py = top; py < Math.max(bottom, Math.min(top + 1, height)); py++) {
      // The line that sets a row apart belongs to its upper border; cells without observations run on through it.
      paintRow(pixels, py * width, line, py, hatched, py < top + rowGap, ratio);
    }
  }
  return markMissing(pixels, bytes, layout, inks, grid.rows === 0, width, height, ratio);
}

interface Inks {
  readonly ramp: Uint32Array;
  readonly rampHatched: Uint32Array;
  readonly zero: number;
  readonly zeroHatched: number;
  readonly gap: number;
}

interface Line {
  readonly fill: Uint32Array;
  readonly hatch: Uint32Array;
  /** 1: no data, 2: nothing observed, 3: a value. 0: beside the columns. */
  readonly gap: Uint8Array;
}

const clamp = (px: number, max: number): number => (px < 0 ? 0 : px > max ? max : px);

function gapOf(lefts: Int32Array, ratio: number): number {
  if (lefts.length < 2) return 0;
  const mean = (lefts[lefts.length - 1] - lefts[0]) / (lefts.length - 1);
  return mean >= GAP_FROM_PX * ratio ? Math.round(ratio) : 0;
}

/** Colours as the machine keeps four bytes in one number, whatever its byte order. */
function inksOf(palette: RasterPalette): Inks {
  const pack = (rgba: readonly number[]): number => new Uint32Array(Uint8ClampedArray.from(rgba).buffer)[0];
  const ramp = new Uint32Array(RAMP_SIZE);
  const rampHatched = new Uint32Array(RAMP_SIZE);
  for (let i = 0; i < RAMP_SIZE; i++) {
    const rgba = [...palette.ramp.subarray(i * 4, i * 4 + 4)];
    ramp[i] = pack(rgba);
    rampHatched[i] = pack([...rgba.slice(0, 3).map((c, k) => c + (palette.ground[k] - c) * palette.hatch), 255]);
  }
  const [r, g, b, a] = palette.zero;
  return { ramp, rampHatched, zero: pack(palette.zero), zeroHatched: pack([r, g, b, a * 2.4]), gap: pack(palette.gap) };
}

function fillLine(line: Line, layout: Layout, inks: Inks, y: number, lefts: Int32Array, columnGap: number): void {
  const { grid, color } = layout;
  line.gap.fill(0);
  for (let x = 0; x < grid.columns; x++) {
    const left = lefts[x];
    const right = Math.max(lefts[x + 1], Math.min(left + 1, line.fill.length));
    const count = grid.perSlice[x * grid.rows + y];
    if (count > 0) {
      const place = Math.round(color.place(count) * (RAMP_SIZE - 1));
      line.fill.fill(inks.ramp[place], left, right - columnGap);
      line.hatch.fill(inks.rampHatched[place], left, right - columnGap);
      line.gap.fill(3, left, right - columnGap);
      continue;
    }
    const missing = Number.isNaN(count);
    line.fill.fill(missing ? 0 : inks.zero, left, right);
    line.hatch.fill(missing ? 0 : inks.zeroHatched, left, right);
    line.gap.fill(missing ? 1 : 2, left, right);
  }
}

/** Device pixels (at ratio 1) from one hatch line to the next. */
const STRIP_PITCH = 6;
const GAP_PITCH = 8;

function paintRow(
  pixels: Uint32Array,
  at: number,
  line: Line,
  py: number,
  hatched: boolean,
  onBorder: boolean,
  ratio: number,
): void {
  const { fill, hatch, gap } = line;
  const stripPitch = Math.round(STRIP_PITCH * ratio);
  const thick = Math.max(1, Math.round(1.6 * ratio));
  for (let px = 0; px < fill.length; px++) {
    const kind = gap[px];
    if (kind < 2 || (onBorder && kind === 3)) continue;
    pixels[at + px] = hatched && (px + py) % stripPitch < thick ? hatch[px] : fill[px];
  }
}

/** Hatches the columns in which there is no data at all, over the whole height, so that a gap reads as one thing. */
function markMissing(
  pixels: Uint32Array,
  bytes: Uint8ClampedArray,
  layout: Layout,
  inks: Inks,
  none: boolean,
  width: number,
  height: number,
  ratio: number,
): Uint8ClampedArray {
  if (none) return bytes;
  const { grid, plot } = layout;
  const pitch = Math.round(GAP_PITCH * ratio);
  const thick = Math.max(1, Math.round(ratio));
  for (let x = 0; x < grid.columns; x++) {
    const left = clamp(Math.round((layout.columnEdges[x] - plot.x) * ratio), width);
    const right = clamp(Math.round((layout.columnEdges[x + 1] - plot.x) * ratio), width);
    for (let y = 0; y < grid.rows; y++) {
      if (!Number.isNaN(grid.perSlice[x * grid.rows + y])) continue;
      const top = clamp(Math.round((layout.rows[y].top - plot.y) * ratio), height);
      const bottom = clamp(Math.round((layout.rows[y].bottom - plot.y) * ratio), height);
      for (let py = top; py < bottom; py++) {
        for (let px = left; px < right; px++)
          if ((px - py + height * pitch) % pitch < thick) pixels[py * width + px] = inks.gap;
      }
    }
  }
  return bytes;
}

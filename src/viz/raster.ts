import { RAMP_SIZE } from '../shared/heatmap/palettes.ts';
import type { Layout, Row } from './layout.ts';
import type { RasterPalette } from './theme.ts';

/** Cells at least so many CSS pixels wide and high are set apart by a line of the ground; smaller ones touch. */
const GAP_FROM_PX = 8;
/** Heights come out of logarithms. */
const ROUNDING_PX = 1e-6;
/** CSS pixels from one line of a hatch to the next, and the lines' width: of rows without a true height, and of missing data. */
const STRIP_HATCH = { pitch: 6, width: 1.6 };
const MISSING_HATCH = { pitch: 8, width: 1 };

/** Device pixels of the raster of a layout. */
export function rasterSize({ plot, size }: Layout): { width: number; height: number } {
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
  const sheet = sheetOf(layout, palette);
  const places = placesOf(layout);
  for (let y = 0; y < layout.rows.length; y++) paintRow(sheet, layout, places, y);
  hatchMissing(sheet, layout);
  return new Uint8ClampedArray(sheet.pixels.buffer);
}

/** What painting needs, in device pixels. */
interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  readonly pixels: Uint32Array;
  readonly inks: Inks;
  /** Left borders of the columns, and the right one of the last; inside the sheet. */
  readonly lefts: Int32Array;
  /** Width of the line that sets cells apart; 0 where they touch. */
  readonly gap: number;
  /** One line of pixels of the row at hand: as it is, as the line that sets rows apart, and under a hatch. */
  readonly body: Uint32Array;
  readonly border: Uint32Array;
  readonly hatched: Uint32Array;
}

/** Colours as the machine keeps four bytes in one number, whatever its byte order. */
interface Inks {
  readonly ramp: Uint32Array;
  readonly rampHatched: Uint32Array;
  readonly zero: number;
  readonly zeroHatched: number;
  readonly missing: number;
}

function sheetOf(layout: Layout, palette: RasterPalette): Sheet {
  const { width, height } = rasterSize(layout);
  const ratio = layout.size.pixelRatio;
  const lefts = Int32Array.from(layout.columnEdges, (x) => clamp(Math.round((x - layout.plot.x) * ratio), width));
  const columnWidth = lefts.length < 2 ? 0 : (lefts[lefts.length - 1] - lefts[0]) / (lefts.length - 1);
  return {
    width,
    height,
    ratio,
    pixels: new Uint32Array(width * height),
    inks: inksOf(palette),
    lefts,
    gap: columnWidth >= GAP_FROM_PX * ratio ? Math.round(ratio) : 0,
    body: new Uint32Array(width),
    border: new Uint32Array(width),
    hatched: new Uint32Array(width),
  };
}

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
  return {
    ramp,
    rampHatched,
    zero: pack(palette.zero),
    zeroHatched: pack([r, g, b, a * 2.4]),
    missing: pack(palette.gap),
  };
}

const clamp = (px: number, max: number): number => (px < 0 ? 0 : px > max ? max : px);

/** First and one past the last line of a row, at least one line high. */
function linesOf({ height, ratio }: Sheet, { plot }: Layout, row: Row): [top: number, bottom: number] {
  const top = clamp(Math.round((row.top - plot.y) * ratio), height - 1);
  return [top, Math.max(top + 1, clamp(Math.round((row.bottom - plot.y) * ratio), height))];
}

const MISSING = -2;
const NOTHING = -1;

/** Where each cell lies on the ramp, row by row (at y * columns + x); NOTHING where none was observed, MISSING where there is no data. */
function placesOf({ grid: { columns, rows }, color, shades }: Layout): Int16Array {
  const places = new Int16Array(columns * rows);
  const { signed } = color;
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < rows; y++) {
      const shade = shades[x * rows + y];
      places[y * columns + x] =
        shade > 0 || (signed && shade < 0)
          ? Math.round(color.place(shade) * (RAMP_SIZE - 1))
          : shade <= 0
            ? NOTHING
            : MISSING;
    }
  }
  return places;
}

function paintRow(sheet: Sheet, layout: Layout, places: Int16Array, y: number): void {
  const { pixels, width, ratio, body, border, hatched } = sheet;
  const row = layout.rows[y];
  if (row.folded) return;
  const [top, bottom] = linesOf(sheet, layout, row);
  fillLines(sheet, layout, places, y);
  // The line that sets a row apart belongs to its upper border.
  // By its true height: of rows equally high, which are rounded to more lines or to fewer, all are set apart or none.
  const borderEnd = row.bottom - row.top > GAP_FROM_PX - ROUNDING_PX ? top + sheet.gap : top;
  const pitch = Math.round(STRIP_HATCH.pitch * ratio);
  const lineWidth = Math.max(1, Math.round(STRIP_HATCH.width * ratio));
  for (let py = top; py < bottom; py++) {
    const line = py < borderEnd ? border : body;
    const at = py * width;
    pixels.set(line, at);
    if (row.strip === undefined) continue;
    for (let px = 0; px < width; px++)
      if ((px + py) % pitch < lineWidth && line[px] !== 0) pixels[at + px] = hatched[px];
  }
}

/** One line of a row's pixels. Cells in which nothing was observed run on through the lines that set cells apart: the calm ground of the map. */
function fillLines(
  { inks, lefts, gap, width, body, border, hatched }: Sheet,
  { grid, rows }: Layout,
  places: Int16Array,
  y: number,
): void {
  const isStrip = rows[y].strip !== undefined;
  body.fill(0);
  border.fill(0);
  if (isStrip) hatched.fill(0);
  const { columns, joined } = grid;
  for (let x = 0; x < columns; x++) {
    const place = places[y * columns + x];
    if (place === MISSING) continue;
    const left = Math.min(lefts[x], width - 1);
    const right = Math.max(left + 1, lefts[x + 1]);
    if (place === NOTHING) {
      paint(body, inks.zero, left, right);
      paint(border, inks.zero, left, right);
      if (isStrip) paint(hatched, inks.zeroHatched, left, right);
      continue;
    }
    const end = right - gap;
    paint(body, inks.ramp[place], left, end);
    // Rows of one bucket are one cell.
    if (joined !== undefined && joined[x * grid.rows + y] === 1) paint(border, inks.ramp[place], left, end);
    if (isStrip) paint(hatched, inks.rampHatched[place], left, end);
  }
}

/** As `fill`, which takes longer to begin than a few pixels take. */
function paint(line: Uint32Array, ink: number, from: number, to: number): void {
  for (let px = from; px < to; px++) line[px] = ink;
}

/** Cells without data, and times without slices: a hatch that runs on from cell to cell, so that a gap reads as one thing. */
function hatchMissing(sheet: Sheet, layout: Layout): void {
  const { grid, rows } = layout;
  const { width, height, lefts } = sheet;
  const lines = rows.map((row) => linesOf(sheet, layout, row));
  for (let x = 0; x < grid.columns; x++) {
    for (let y = 0; y < grid.rows; y++) {
      const missing = Number.isNaN(grid.perSlice[x * grid.rows + y]) && !rows[y].folded;
      if (missing) hatch(sheet, lefts[x], lefts[x + 1], lines[y][0], lines[y][1]);
    }
  }
  hatch(sheet, 0, lefts.length > 0 ? lefts[0] : width, 0, height);
  hatch(sheet, lefts.length > 0 ? lefts[lefts.length - 1] : width, width, 0, height);
}

/** Lines that go down to the right, wherever the rectangle begins in the same places. */
function hatch({ pixels, width, ratio, inks }: Sheet, left: number, right: number, top: number, bottom: number): void {
  const pitch = Math.round(MISSING_HATCH.pitch * ratio);
  const lineWidth = Math.max(1, Math.round(MISSING_HATCH.width * ratio));
  for (let py = top; py < bottom; py++) {
    const shift = (((left - py) % pitch) + pitch) % pitch;
    for (let px = left; px < right; px++) {
      if ((shift + px - left) % pitch < lineWidth) pixels[py * width + px] = inks.missing;
    }
  }
}

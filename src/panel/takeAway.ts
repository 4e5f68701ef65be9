/** The maps as files: cells as CSV, the picture as PNG. */
import { formatLabels } from '../shared/model/labels.ts';
import { boundText } from './links.ts';
import type { MapView } from './views.ts';

/** A line a cell that has data: the slice, the bucket, the count. Reads back as it is; labels that a spreadsheet would run are quoted. */
export function csvOf(views: readonly MapView[]): string {
  const lines = ['histogram,from,to,lower,upper,value'];
  for (const { model, labels } of views) {
    const { xEdges, yEdges, counts } = model;
    const rows = yEdges.length - 1;
    const name = csvText(formatLabels(labels));
    for (let x = 0; x + 1 < xEdges.length; x++) {
      const times = `${timeText(xEdges[x], model.fold)},${timeText(xEdges[x + 1], model.fold)}`;
      for (let y = 0; y < rows; y++) {
        const count = counts[x * rows + y];
        if (Number.isNaN(count)) continue;
        lines.push(`${name},${times},${boundText(yEdges[y])},${boundText(yEdges[y + 1])},${count}`);
      }
    }
  }
  return `${lines.join('\r\n')}\r\n`;
}

const timeText = (ms: number, fold: string | undefined): string =>
  fold === undefined ? new Date(ms).toISOString() : String(ms / 1000);

/** Quoted where CSV needs it; what a spreadsheet takes for a formula becomes a text. */
function csvText(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}

/** All canvases of a place in one picture, on its ground, where they stand. */
export function pictureOf(place: HTMLElement, ground: string): HTMLCanvasElement | undefined {
  const box = place.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  const picture = document.createElement('canvas');
  picture.width = Math.round(box.width * ratio);
  picture.height = Math.round(box.height * ratio);
  const ctx = picture.getContext('2d');
  if (ctx === null) return undefined;
  ctx.scale(ratio, ratio);
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, box.width, box.height);
  for (const canvas of place.querySelectorAll('canvas')) {
    const at = canvas.getBoundingClientRect();
    ctx.drawImage(canvas, at.left - box.left, at.top - box.top, at.width, at.height);
  }
  for (const words of place.querySelectorAll<HTMLElement>('[data-in-picture]')) {
    const at = words.getBoundingClientRect();
    const style = getComputedStyle(words);
    ctx.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    ctx.fillStyle = style.color;
    ctx.textBaseline = 'middle';
    ctx.fillText(
      words.textContent ?? '',
      at.left - box.left + parseFloat(style.paddingLeft),
      at.top - box.top + at.height / 2,
    );
  }
  return picture;
}

/** A label set as the API writes it. */
import type { Labels } from '../model/labels.ts';

export function labelsJson(labels: Labels): string {
  let text = '{';
  for (let i = 0; i < labels.length; i++) {
    text += `${i === 0 ? '' : ','}${JSON.stringify(labels[i][0])}:${JSON.stringify(labels[i][1])}`;
  }
  return text + '}';
}

/** Makes a folder and those above it. */
import fs from 'node:fs';
import path from 'node:path';

/**
 * Makes `folder` and the missing folders above it; one that exists already is left as it is.
 *
 * `fs.mkdirSync(…, { recursive: true })` never returns where the parent is there and still says ENOENT, as in /proc; here each folder is tried
 * once, from the top.
 *
 * @throws the file system's error for the first folder that cannot be made.
 */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = path.resolve(folder); !fs.existsSync(at); at = path.dirname(at)) missing.push(at);
  for (const at of missing.reverse()) makeOne(at);
}

function makeOne(folder: string): void {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    // Another process may have been quicker; a file or a dangling link at this place is still an error.
    if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

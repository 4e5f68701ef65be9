import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'dist/webui');

function built(): Record<string, bigint> {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts'), 'webui'], { cwd: ROOT });
  const files = ['index.html', ...readdirSync(join(FOLDER, 'assets')).map((name) => `assets/${name}`)];
  return Object.fromEntries(files.map((name) => [name, statSync(join(FOLDER, name), { bigint: true }).mtimeNs]));
}

test('files that are right already are not written again', () => {
  const first = built();
  expect(built()).toEqual(first);
});

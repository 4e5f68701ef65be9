import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeFolder } from './makeFolder.ts';

const HANGS_AFTER_MS = 20_000;

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'isotherm-folder-'));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

test('missing folders above are made, and a folder that is there is left as it is', () => {
  const folder = path.join(root, 'a/b/c');
  makeFolder(folder);
  fs.writeFileSync(path.join(folder, 'kept'), '');
  makeFolder(folder);
  expect(fs.readdirSync(folder)).toEqual(['kept']);
});

test('a file at a place above is told', () => {
  fs.writeFileSync(path.join(root, 'file'), '');
  expect(() => makeFolder(path.join(root, 'file/a'))).toThrow(/ENOTDIR/);
});

test('a link that leads nowhere is told', () => {
  fs.symlinkSync(path.join(root, 'nowhere'), path.join(root, 'link'));
  expect(() => makeFolder(path.join(root, 'link/a'))).toThrow(/EEXIST/);
});

// In a process of its own: a loop that does not end could not be interrupted here.
(fs.existsSync('/proc/self') ? test : test.skip)(
  'a place where nothing can be made is told, and not tried for ever',
  () => {
    const module = pathToFileURL(path.join(import.meta.dirname, 'makeFolder.ts')).href;
    const script = `import { makeFolder } from ${JSON.stringify(module)}; makeFolder('/proc/isotherm/wal');`;
    const args = ['--input-type=module', '--eval', script];
    const child = spawnSync(process.execPath, args, {
      timeout: HANGS_AFTER_MS,
      killSignal: 'SIGKILL',
      encoding: 'utf8',
    });
    expect(child.signal).toBeNull();
    expect(child.stderr).toMatch(/ENOENT.*\/proc\/isotherm/);
  },
);

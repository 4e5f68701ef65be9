/** Where targets come from: static lists, files, discovery. The same keys for scrape jobs and for Alertmanagers. */
import { labelsFrom, type Labels } from '../../shared/model/labels.ts';
import type { TargetSources } from './config.ts';
import { resolveDiscovery } from './resolveDiscovery.ts';
import { absolute } from './resolveHttp.ts';
import type { Complain } from './resolveRelabel.ts';
import { ABSENT_DISCOVERY, type RawSources } from './scrapeSchema.ts';

const FILE_SD_REFRESH_MS = 300_000;
/** `*` only in the last path element, which names a YAML or JSON file. */
const FILE_SD_PATTERN = /^[^*]*(?:\*[^/]*)?\.(?:json|yml|yaml|JSON|YML|YAML)$/;

export function resolveSources(raw: RawSources, dir: string, complain: Complain): TargetSources {
  for (const kind of ABSENT_DISCOVERY) {
    if (kind in raw)
      complain([kind], 'this kind of discovery is not supported yet; http_sd_configs or file_sd_configs can stand in');
  }
  return {
    staticConfigs: (raw.static_configs ?? []).map(({ targets = [], labels }, i) => {
      // Relabelling may still make an address of it: the URLs that blackbox_exporter is to probe stand here.
      const isFinal = (raw.relabel_configs ?? []).length === 0;
      if (isFinal) checkTargets(targets, (path, why) => complain(['static_configs', i, ...path], why));
      return { targets, labels: labelsOfSet(labels) };
    }),
    fileSdConfigs: (raw.file_sd_configs ?? []).map((entry, i) => {
      entry.files.forEach((file, j) => {
        if (!FILE_SD_PATTERN.test(file))
          complain(
            ['file_sd_configs', i, 'files', j],
            'must end in .json, .yml or .yaml, with * only in its last part',
          );
      });
      return {
        files: entry.files.map((file) => absolute(dir, file)),
        refreshIntervalMs: entry.refresh_interval ?? FILE_SD_REFRESH_MS,
      };
    }),
    discovery: resolveDiscovery(raw, dir, complain),
  };
}

function checkTargets(targets: readonly string[], complain: Complain): void {
  targets.forEach((target, i) => {
    const why = targetFault(target);
    if (why !== undefined) complain(['targets', i], why);
  });
}

/** Why a text cannot be a target's address, or undefined if it can. */
export function targetFault(target: string): string | undefined {
  if (target === '') return 'an empty address; write host:port';
  if (!target.includes('/')) return undefined;
  return `${JSON.stringify(target)} is not host:port; write the scheme in scheme: and the path in metrics_path:`;
}

export function labelsOfSet(record: Readonly<Record<string, string>> | undefined): Labels {
  return labelsFrom(Object.entries(record ?? {}));
}

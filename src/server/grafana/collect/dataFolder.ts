/** Where samples that are collected inside Grafana lie: never in the plugin's folder, which every upgrade replaces and which is served without login. */
import path from 'node:path';

/**
 * `data_dir` of `[plugin.isotherm-metrics-datasource]`, which Grafana passes by this name; else a folder beside Grafana's plugin folder, as
 * `/var/lib/grafana/isotherm` beside `/var/lib/grafana/plugins`.
 *
 * @param codeFolder that of the executable: `…/plugins/isotherm-monitoring-app/datasource`.
 */
export function dataFolderOf(env: Readonly<Record<string, string | undefined>>, codeFolder: string): string {
  const named = (env.GF_PLUGIN_DATA_DIR ?? '').trim();
  return named === '' ? path.resolve(codeFolder, '../../../isotherm') : path.resolve(named);
}

/** The folder of one data source in it. Uids are made of letters, digits, dashes and underscores; anything else is written as its code. */
export function instanceFolderOf(dataFolder: string, orgId: number, uid: string): string {
  const safe = uid.replace(/[^A-Za-z0-9_-]/g, (character) => `.${character.codePointAt(0)!.toString(16)}`);
  return path.join(dataFolder, `${orgId}-${safe}`);
}

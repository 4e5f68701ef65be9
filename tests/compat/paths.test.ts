/**
 * Paths as they may be written and methods as they may be tried, outside the API too, of ours and of a real Prometheus: same status, same
 * methods told, and sent on to the same place. What a page shows is each one's own; that it is there is not.
 */
import { request } from 'node:http';
import {
  besidePrometheus,
  installedVersion,
  runPrometheus,
  type PrometheusProcess,
} from '../support/prometheusProcess.ts';
import { startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';

const isNew = (installedVersion?.[0] ?? 0) >= 3;
const rows = (text: string) => text.trim().split('\n');

/** METHOD path, one a line. */
const REQUESTS = rows(String.raw`
GET /metrics
GET /metrics/
GET /federate/?match[]=up
GET /version/
GET /nope
GET /nope/x
GET /user/x
GET /static
GET /favicon.ico/x
GET /status/config/x
GET /api
GET /api/v2/query
GET /api/v1/nope
GET /-
GET /-/nope
GET /-/healthy/
GET /-/ready/
HEAD /-/healthy
HEAD /-/ready
OPTIONS /metrics
OPTIONS /version
OPTIONS /-/healthy
OPTIONS /nope
OPTIONS /-/nope
OPTIONS /api/v2/query
OPTIONS /api/v1/nope
OPTIONS /api/v1/query
POST /metrics
POST /version
POST /
DELETE /metrics
DELETE /
DELETE /-/healthy
TRACE /-/ready
TRACE /api/v1/labels
POST /-/reload
PUT /-/quit
`);

const PAGES = rows(`
/
/query
/query?g0.expr=up
/alerts
/rules
/targets
/status
/config
/flags
/service-discovery
/alertmanager-discovery
/tsdb-status
`);

/** As Prometheus 3 has it: its pages, and 307 in place of 301 where slashes are too many. */
const NEWER_REQUESTS = rows(String.raw`
OPTIONS /alerts
POST /alerts
POST /graph
PUT /targets
PATCH /config
TRACE /rules
GET /targets/
GET /rules/?a=b
GET /alerts/
GET /graph
GET /graph?g0.expr=up%20%3E%200&g0.tab=1
GET /graph/
GET /query/
GET /query/?g0.expr=up
GET /classic/graph
GET /new/graph
GET /query/x
POST /query
GET //metrics
GET ///metrics
GET //
GET //query?g0.expr=up
GET /-//healthy
GET /x/../metrics
GET /./metrics
GET /-/../query
POST //federate
GET /api//v1/query?query=1
GET //api/v1/query?query=1
GET /api/v1//query?query=1
POST /api/v1//query
GET /api/v1/../v1/labels
GET /assets/..%2f..%2fpackage.json
`);

/** Theirs then names a path that is none, as it leaves /api/v1 away. */
const MISLED = rows(String.raw`
GET /api/v1/query/?query=1
POST /api/v1/query/
GET /api/v1/labels/
GET /api/v1/label/job/values/
GET /api/v1/status/flags/
POST /api/v1/read/
`);

/** With an external URL that ends in /p/. */
const PREFIXED = rows(String.raw`
GET /p
GET /p?a=b
GET /p/metrics
GET /p/metrics/
GET /p/-/healthy
GET /p/nope
GET /p/p/
GET /px
GET /metrics
GET /graph
GET /-/healthy
GET /api/v1/query?query=1
GET /p/api/v1/query?query=1
OPTIONS /p/api/v1/query
OPTIONS /p/metrics
DELETE /p/metrics
`);

const NEWER_PREFIXED = rows(String.raw`
POST /p/alerts
GET /p/graph?g0.expr=up
GET /p//metrics
GET //p/metrics
GET /p/api/v1//query?query=1
`);

interface Answer {
  readonly status: number;
  /** Methods that a refusal or OPTIONS tells of, without HEAD, which ours has wherever it has GET; '' where nothing is told. */
  readonly allow: string;
  /** Where it sends on to, resolved; '' where it does not. */
  readonly location: string;
}

/** The path goes as it is written, where fetch would tidy it. */
function ask(base: string, row: string): Promise<Answer> {
  const [method, path] = row.split(' ');
  const { hostname, port, origin } = new URL(base);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, agent: false }, (answer) => {
      answer.resume();
      const { allow = '', location } = answer.headers;
      const sentOn = location === undefined ? '' : new URL(location, origin + path).href.replace(/\?$/, '');
      resolve({
        status: answer.statusCode ?? 0,
        allow: allow.replace('HEAD, ', ''),
        location: sentOn.replace(origin, ''),
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

besidePrometheus('paths and methods beside Prometheus', () => {
  let ours: Sidecar;
  let theirs: PrometheusProcess;
  const both = (row: string) => Promise.all([ask(ours.url, row), ask(theirs.url, row)]);

  function started(prefix = '', flags: readonly string[] = []): void {
    beforeAll(async () => {
      const folder = tempFolder();
      const config = 'scrape_configs: []\n';
      writeConfig(folder, config);
      [theirs, ours] = await Promise.all([
        runPrometheus({ config, folder, flags, prefix }),
        startSidecar(folder, flags),
      ]);
    });
    afterAll(async () => {
      await ours?.stop();
      await theirs?.stop();
    });
  }

  describe('at the root', () => {
    started();
    test.each([...REQUESTS, ...(isNew ? NEWER_REQUESTS : [])])('%s', async (row) => {
      const [mine, wanted] = await both(row);
      expect(mine).toEqual(wanted);
    });
    const ofPages = isNew ? test : test.skip;
    ofPages.each(PAGES)('there is a page at %s (needs version 3)', async (path) => {
      const [mine, wanted] = await both(`GET ${path}`);
      expect([200, 302, 500]).toContain(wanted.status); // 500 is a page that a build lacks.
      expect([200, 302]).toContain(mine.status);
    });
    test.each(MISLED)('%s leads to the path without the slash', async (row) => {
      const [mine, wanted] = await both(row);
      expect([mine.status, mine.location]).toEqual([wanted.status, `/api/v1${wanted.location}`]);
    });
  });

  describe('below a prefix', () => {
    started('/p', ['--web.external-url=http://h.example/p/']);
    test.each([...PREFIXED, ...(isNew ? NEWER_PREFIXED : [])])('%s', async (row) => {
      const [mine, wanted] = await both(row);
      expect(mine).toEqual(wanted);
    });
  });
});

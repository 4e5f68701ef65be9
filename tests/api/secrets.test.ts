/**
 * No secret of the configuration is in any answer. Those that are planted here are in use: a service that refuses everything, or says what it
 * was told, is scraped, written to, read from and notified, so that the errors of all of them are there.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import bcrypt from 'bcryptjs';
import { ENDPOINTS } from '../../src/shared/api/reference.ts';
import { startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

/** In every planted secret, and in nothing else. */
const MARK = 'pl4nted';
const PASSWORD = `${MARK}-user`;
const TOKEN = `${MARK}-token`;
const HASH = bcrypt.hashSync(PASSWORD, 4);
const TOKEN_SUM = createHash('sha256').update(TOKEN).digest('hex');

const WEB = `basic_auth_users: {alice: '${HASH}'}\ntokens: [{name: board, access: read, sha256: ${TOKEN_SUM}}]\n`;

const RULES = `groups: [{name: g, rules: [{alert: Always, expr: 'vector(1)'}, {record: r, expr: 'up'}]}]\n`;

const configFor = (address: string, passwordFile: string) => `
# ${MARK}-comment
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
  - {job_name: basic, basic_auth: {username: u, password: ${MARK}-basic}, static_configs: [{targets: ['${address}']}]}
  - {job_name: file, basic_auth: {username: u, password_file: '${passwordFile}'}, static_configs: [{targets: ['${address}']}]}
  - {job_name: bearer, bearer_token: ${MARK}-bearer, static_configs: [{targets: ['${address}']}]}
  - {job_name: authorization, authorization: {type: Own, credentials: ${MARK}-credentials}, static_configs: [{targets: ['${address}']}]}
  - {job_name: header, http_headers: {X-Key: {secrets: [${MARK}-header]}}, static_configs: [{targets: ['${address}']}]}
  - job_name: oauth
    oauth2: {client_id: i, client_secret: ${MARK}-client, token_url: 'http://${address}/token'}
    static_configs: [{targets: ['${address}']}]
  - job_name: tls
    scheme: https
    tls_config: {cert: 'no certificate', key: ${MARK}-key}
    static_configs: [{targets: ['${address}']}]
  - job_name: proxy
    proxy_url: 'http://u:${MARK}-proxy@${address}'
    proxy_connect_header: {X-Proxy: [${MARK}-connect]}
    static_configs: [{targets: ['other.example:80']}]
  - job_name: discovered
    http_sd_configs: [{url: 'http://u:${MARK}-discovery@${address}/sd', refresh_interval: 1s}]
alerting:
  alertmanagers:
    - {basic_auth: {username: u, password: ${MARK}-alertmanager}, static_configs: [{targets: ['${address}']}]}
remote_write:
  - {url: 'http://${address}/write', authorization: {credentials: ${MARK}-write}, name: one}
  - {url: 'http://u:${MARK}-writeurl@${address}/write'}
remote_read:
  - {url: 'http://u:${MARK}-readurl@${address}/read', http_headers: {X-Key: {secrets: [${MARK}-read]}}, read_recent: true}
`;

const notifyFor = (address: string) => `
group_wait: 1s
receivers:
  - {name: hook, webhook: {url: 'http://${address}/hook/${MARK}-hook', authorization: {credentials: ${MARK}-hooklogin}}}
  - {name: chat, slack: {url: 'http://${address}/services/${MARK}-slack', channel: '#c'}}
  - name: mail
    email: {to: [a@b.example], from: c@d.example, smarthost: '${address}', auth_username: u, auth_password: ${MARK}-mail, require_tls: false}
`;

/** What services answer; those that echo do so where it hurts: as a page that cannot be read, as the reason of a refusal. */
const MANNERS: Readonly<Record<string, (path: string, told: string) => [status: number, text: string]>> = {
  refuse: () => [401, 'who are you?'],
  echo: (path, told) => {
    const logins = told.match(/(Basic |Bearer |Own )?[\w+/=-]*pl4nted[\w-]*|Basic [\w+/=]+/g) ?? [];
    return [/^\/(metrics|sd)/.test(path) ? 200 : 400, `${logins.join(' ')}\n${told}`];
  },
};

/** Of those that go over the wire: what the service must have been told before anything is asked. */
const SENT =
  'basic file bearer credentials header client proxy discovery alertmanager write writeurl read readurl hook slack'
    .split(' ')
    .map((name) => `${MARK}-${name}`);

const PARAMS: Readonly<Record<string, string>> = {
  query: 'up',
  'match[]': '{__name__=~".+"}',
  start: String(Math.floor(Date.now() / 1000) - 60),
  end: String(Math.floor(Date.now() / 1000) + 60),
  step: '10',
  label: 'job',
  expr: 'up == 0',
};
const POOLS = ['basic', 'file', 'bearer', 'authorization', 'header', 'oauth', 'tls', 'proxy', 'discovered'];
const PAGES = ['/', '/query', '/targets', '/config', '/flags', '/status', '/service-discovery', '/alerts', '/nope'];

describe.each(Object.entries(MANNERS))('beside services that %s', (_, answerOf) => {
  let heard = '';
  const service = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString('latin1')));
    request.on('end', () => {
      const login = /^Basic (.*)$/.exec(request.headers.authorization ?? request.headers['proxy-authorization'] ?? '');
      const told = `${request.url} ${JSON.stringify(request.headers)} ${Buffer.from(login?.[1] ?? '', 'base64')} ${body}`;
      heard += `${told}\n`;
      const [status, text] = answerOf(request.url ?? '', told);
      response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
    });
  });

  let sidecar: Sidecar;
  beforeAll(async () => {
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(service.address() as { port: number }).port}`;
    const folder = tempFolder();
    const passwordFile = writeConfig(folder, `${MARK}-file\n`, 'password');
    writeConfig(folder, RULES, 'rules.yml');
    writeConfig(folder, configFor(address, passwordFile));
    sidecar = await startSidecar(folder, [
      `--web.config.file=${writeConfig(folder, WEB, 'web.yml')}`,
      `--notify.config.file=${writeConfig(folder, notifyFor(address), 'notify.yml')}`,
      ...['--enable-feature=search-api', '--web.enable-lifecycle', '--web.enable-admin-api'],
      ...['--web.enable-push-receiver', '--web.enable-otlp-receiver', '--web.enable-remote-write-receiver'],
    ]);
    await until(async () => {
      await ask('/api/v1/query?query=up').catch(() => undefined);
      return SENT.every((secret) => heard.includes(secret));
    }, 15_000).catch(() => expect(SENT.filter((secret) => !heard.includes(secret))).toEqual([]));
  }, 60_000);
  afterAll(async () => {
    await sidecar?.stop();
    service.close();
  });

  const ask = (path: string, authorization = `Bearer ${TOKEN}`) =>
    fetch(sidecar.url + path, { headers: { authorization }, signal: AbortSignal.timeout(20_000) });

  /** What a secret looks like where it is: as it is, escaped for a URL it is the same, in a login it is base64. */
  const LOGINS = ['basic', 'file', 'alertmanager', 'proxy', 'discovery', 'writeurl', 'readurl'].map((name) =>
    Buffer.from(`u:${MARK}-${name}`).toString('base64'),
  );
  const SIGNS = [MARK, HASH, TOKEN_SUM, ...LOGINS];

  /** Status, headers and body hold none. */
  async function hidesSecrets(path: string): Promise<number> {
    const answer = await ask(path);
    const text = `${JSON.stringify([...answer.headers])}\n${await answer.text()}`;
    for (const sign of SIGNS) {
      const at = text.indexOf(sign);
      expect([path, at < 0 ? 'nothing' : text.slice(Math.max(0, at - 80), at + 40)]).toEqual([path, 'nothing']);
    }
    return answer.status;
  }

  const READ = ENDPOINTS.filter(({ methods, answer }) => methods.includes('GET') && answer !== 'events');

  test.each(READ.map(({ path }) => path))('%s', async (path) => {
    const { params } = READ.find((endpoint) => endpoint.path === path)!;
    const filled = params.map((name) => name.replace('!', '')).filter((name) => name in PARAMS);
    const query = filled.map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(PARAMS[name])}`).join('&');
    const url = path.replace('{name}', 'job');
    await hidesSecrets(url);
    await hidesSecrets(`${url}?${query}`);
    if (params.some((name) => name.startsWith('scrapePool')))
      for (const pool of POOLS) await hidesSecrets(`${url}?scrapePool=${pool}`);
  });

  test.each(PAGES)('the page %s', (path) => hidesSecrets(path));

  test('every job of the configuration is there, without its secrets', async () => {
    const shown = await (await ask('/api/v1/status/config')).text();
    for (const pool of POOLS) expect(shown).toContain(`job_name: ${pool}`);
    expect(shown.match(/<secret>/g)!.length).toBeGreaterThanOrEqual(10);
  });

  test('a job whose certificate is none is down, and the others go on', async () => {
    const { data } = (await (await ask('/api/v1/targets?scrapePool=tls')).json()) as {
      data: { activeTargets: object[] };
    };
    expect(data.activeTargets).toMatchObject([{ health: 'down', lastError: expect.stringMatching(/PEM/) }]);
  });

  test('who is refused is told nothing', async () => {
    const answer = await ask('/api/v1/status/config', `Bearer ${MARK}-guess`);
    expect([answer.status, await answer.text()]).toEqual([401, 'Unauthorized\n']);
  });

  test('the log holds none either, and has the faults', () => {
    const lines = sidecar.stderr().split('\n');
    expect(lines.filter((line) => SIGNS.some((sign) => line.includes(sign)))).toEqual([]);
    expect(lines.filter((line) => line.includes('Scrape failed')).length).toBeGreaterThanOrEqual(5);
  });
});

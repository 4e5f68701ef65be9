import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { page, useScrapeRig } from '../../../tests/support/scrapeRig.ts';

jest.setTimeout(120_000);
const rig = useScrapeRig();

describe('a target is down, with words, and its neighbour unhurt, when it', () => {
  const down = (what: string, begin: () => Promise<string>, why: RegExp, lines = '') =>
    test(what, async () => {
      const [bad, good] = [await begin(), await rig.serve(page('a 1\n'))];
      rig.start();
      rig.apply({ bad: { targets: [bad], lines }, good: { targets: [good] } });
      do await rig.scrapes(1, 'bad');
      while (rig.target('bad').health !== 'down');
      do await rig.scrapes(1, 'good');
      while (rig.target('good').health !== 'up');
      expect(rig.target('bad')).toMatchObject({ health: 'down', lastError: expect.stringMatching(why) });
      expect((await rig.samples('up')).up).toEqual(expect.arrayContaining([0, 1]));
    });
  down('is not there', () => rig.nobody(), /nothing listens at 127\.0\.0\.1:\d+ \(connection refused\)/);
  down(
    'has a host name that nobody knows',
    () => Promise.resolve('no-such-host.invalid:1'),
    /host name of no-such-host\.invalid:1/,
    'scrape_interval: 3s\nscrape_timeout: 3s',
  );
  down('sends garbage', () => rig.serve(page('\u0000\u0001<>|\n')), /^line 1, byte 0: expected a metric name/);
  down('sends a page that breaks in the middle', () => rig.serve(page('a 1\nb{ 2\n')), /^line 2, byte 7: .*"b\{ 2"/);
  down(
    'sends HTML',
    () => rig.serve(page('<html>', 'text/html')),
    /unknown Content-Type "text\/html".*fallback_scrape_protocol/,
  );
  down('says no content type', () => rig.serve((_, r) => void r.end('a 1\n')), /no Content-Type/);
  down('answers 404', () => rig.serve((_, r) => void r.writeHead(404).end()), /404; is metrics_path right\?/);
  down('answers nothing', () => rig.serve(() => undefined), /no complete answer within 0\.6 s/);
  down(
    'trickles its page',
    () =>
      rig.serve((_, r) => {
        r.writeHead(200, { 'content-type': 'text/plain' });
        const timer = setInterval(() => r.write('a'), 10);
        r.on('close', () => clearInterval(timer));
      }),
    /no complete answer within/,
  );
  down(
    'hangs up in the middle',
    () =>
      rig.serve((_, r) => {
        r.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' });
        r.write('a 1\n', () => r.destroy());
      }),
    /closed the connection before the answer was complete/,
  );
  down(
    'does not speak HTTP',
    () => rig.listen(createTcpServer((socket) => void socket.on('error', () => undefined).end('hello\r\n\r\n'))),
    /does not answer in HTTP/,
  );
  down(
    'sends more than body_size_limit',
    () => rig.serve(page(`a ${'1'.repeat(5000)}\n`)),
    /larger than the body_size_limit of 1024 bytes/,
    'body_size_limit: 1KB',
  );
  down(
    'sends a small body that unpacks to a huge one',
    () =>
      rig.serve((_, r) => {
        r.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(
          gzipSync(Buffer.alloc(70 * 1024 * 1024, 10)),
        );
      }),
    /larger than the bound of \d+ bytes|no complete answer/,
    'scrape_interval: 1s',
  );
  down(
    'says gzip and sends none',
    () =>
      rig.serve(
        (_, r) => void r.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end('a 1\n'),
      ),
    /is not gzip/,
  );
  down(
    'uses a coding that nobody asked for',
    () =>
      rig.serve(
        (_, r) => void r.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'br' }).end('a 1\n'),
      ),
    /Content-Encoding "br"/,
  );
  down(
    'redirects in a circle',
    () => rig.serve((_, r) => void r.writeHead(302, { location: '/metrics' }).end()),
    /redirected more than 10 times/,
    'scrape_interval: 3s\nscrape_timeout: 3s',
  );
  down(
    'speaks HTTP where https was said',
    () => rig.serve(page('a 1\n')),
    /does not speak TLS|TLS with/,
    'scheme: https',
  );
  down(
    'has more samples than sample_limit',
    () => rig.serve(page('a 1\nb 1\nc 1\n')),
    /3 samples after relabelling, over sample_limit: 2/,
    'sample_limit: 2',
  );
  down(
    'has a label over its limit',
    () => rig.serve(page('a{x="12345"} 1\n')),
    /value of x 5, over label_value_length_limit: 4/,
    'label_value_length_limit: 4\nrelabel_configs: [{target_label: instance, replacement: i}]',
  );
  down('says the same label twice', () => rig.serve(page('a{x="1",x="2"} 1\n')), /"x" stands twice/);
  down(
    'is one of too many',
    () => rig.serve(page('a 1\n')),
    /has 2 targets, over target_limit: 1/,
    'target_limit: 1\nfile_sd_configs: [{files: [more.json]}]\n',
  );
  beforeEach(() => writeFileSync(join(rig.dir, 'more.json'), '[{"targets":["127.0.0.1:1"]}]'));
});

test('each failed scrape is a line of scrape_failure_log_file, which a reload opens anew', async () => {
  const address = await rig.serve((_, response) => void response.writeHead(503).end());
  const file = join(rig.dir, 'failures.json');
  const lines = () =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
  rig.start();
  const job = { targets: [address], lines: `scrape_failure_log_file: ${file}` };
  rig.apply({ a: job });
  await rig.scrapes(2);
  expect(lines().slice(0, 2)).toEqual(
    [1, 2].map(() => ({
      time: expect.any(String),
      level: 'ERROR',
      msg: expect.stringContaining('HTTP status 503'),
      job_name: 'a',
      target: `http://${address}/metrics`,
    })),
  );
  renameSync(file, `${file}.1`);
  rig.apply({ a: job });
  await rig.scrapes(2);
  expect(lines().length).toBeGreaterThan(0);
});

test('a failure log that cannot be opened is told, and scraping goes on', async () => {
  const address = await rig.serve((_, response) => void response.writeHead(503).end());
  rig.start();
  rig.apply({ a: { targets: [address], lines: 'scrape_failure_log_file: /nonexistent/f.json' } });
  await rig.scrapes(1);
  expect(rig.logged.join()).toMatch(/Failed scrapes are not written to their file.*\/nonexistent\/f\.json/);
});

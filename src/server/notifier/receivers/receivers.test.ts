import { createServer } from 'node:net';
import { labelsOf, labelsRecord } from '../../../shared/model/labels.ts';
import { silentLog } from '../../telemetry/log.ts';
import type { Notice } from '../notice.ts';
import type { Digest, GroupState } from './alertGroup.ts';
import { fingerprint, webhookJson } from './messages.ts';
import { createReceivers, type GroupStore } from './receivers.ts';
import { parseReceiversFile } from './receiversFile.ts';
import { openWay } from './ways.ts';

const FILE = `
group_wait: 30s
group_interval: 5m
repeat_interval: 1h
receivers:
  - name: team
    matchers: ['severity="page"']
    webhook: { url: 'http://127.0.0.1:1/' }
`;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const EVER = 1e12;

/** Time that moves when told to. */
class StepClock {
  #now = 1_000 * MINUTE;
  #sleepers: { due: number; wake: () => void }[] = [];
  now = () => this.#now;
  sleepUntil = (due: number, stop?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (due <= this.#now || stop?.aborted) return resolve();
      this.#sleepers.push({ due, wake: resolve });
      stop?.addEventListener('abort', () => resolve(), { once: true });
    });
  async pass(ms: number): Promise<void> {
    for (const end = this.#now + ms; this.#now < end;) {
      this.#now = Math.min(end, this.#now + SECOND);
      for (const { wake } of this.#sleepers.filter(({ due }) => due <= this.#now)) wake();
      this.#sleepers = this.#sleepers.filter(({ due }) => due > this.#now);
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
  }
}

function rig(text = FILE, kept: Record<string, readonly GroupState[]> = {}) {
  const clock = new StepClock();
  const began = clock.now();
  const told: string[] = [];
  let isDown = false;
  const states = { ...kept };
  const store: GroupStore = { load: () => states, save: (groups) => void Object.assign(states, groups()) };
  const send = async ({ status, alerts, isResolved }: Digest) => {
    if (isDown) throw new Error('down');
    const names = alerts.map((alert) => `${labelsRecord(alert.labels).pod}${isResolved(alert) ? '-' : '+'}`);
    told.push(`${(clock.now() - began) / SECOND} ${status} ${names.join(' ')}`);
  };
  const deps = {
    store,
    clock,
    log: silentLog,
    externalUrl: 'http://h/',
    open: () => ({ send, close: async () => undefined }),
  };
  const receivers = createReceivers(deps);
  receivers.apply(parseReceiversFile(text, 'notify.yml'));
  const notice = (pod: string, more: Partial<Notice> = {}): Notice => ({
    labels: labelsOf({ alertname: 'Slow', severity: 'page', pod }),
    annotations: [],
    startsAt: clock.now(),
    endsAt: clock.now() + EVER,
    generatorUrl: '',
    ...more,
  });
  const down = (value: boolean) => (isDown = value);
  return { clock, told, receivers, notice, states, down };
}

test('a group waits for others to join, tells changes once an interval, and repeats what does not change', async () => {
  const { clock, told, receivers, notice } = rig();
  receivers.send([notice('a')]);
  await clock.pass(10 * SECOND);
  receivers.send([notice('b')]);
  await clock.pass(60 * SECOND);
  receivers.send([notice('c')]);
  await clock.pass(75 * MINUTE);
  expect(told).toEqual(['30 firing a+ b+', '330 firing a+ b+ c+', '3930 firing a+ b+ c+']);
});

test('what is over is told once, and so is a group of which nothing fires any more', async () => {
  const { clock, told, receivers, notice } = rig();
  receivers.send([notice('a'), notice('b')]);
  await clock.pass(MINUTE);
  receivers.send([notice('a', { endsAt: clock.now() })]);
  await clock.pass(10 * MINUTE);
  receivers.send([notice('b', { endsAt: clock.now() })]);
  await clock.pass(60 * MINUTE);
  expect(told).toEqual(['30 firing a+ b+', '330 firing b+ a-', '930 resolved b-']);
});

test('an alert that nobody tells of any more is over when its time is', async () => {
  const { clock, told, receivers, notice } = rig();
  receivers.send([notice('a', { endsAt: clock.now() + 4 * MINUTE })]);
  await clock.pass(10 * MINUTE);
  expect(told).toEqual(['30 firing a+', '330 resolved a-']);
});

test('an alert that is over before it was told is not told', async () => {
  const { clock, told, receivers, notice } = rig();
  receivers.send([notice('a')]);
  await clock.pass(10 * SECOND);
  receivers.send([notice('a', { endsAt: clock.now() })]);
  await clock.pass(10 * MINUTE);
  expect(told).toEqual([]);
});

test('alerts that the matchers do not accept are not heard of, and resolved ones not where they are not wanted', async () => {
  const { clock, told, receivers, notice } = rig(FILE.replace('matchers', 'send_resolved: false\n    matchers'));
  receivers.send([
    notice('a'),
    { ...notice('b'), labels: labelsOf({ alertname: 'Slow', severity: 'ticket', pod: 'b' }) },
  ]);
  await clock.pass(MINUTE);
  receivers.send([notice('a', { endsAt: clock.now() })]);
  await clock.pass(10 * MINUTE);
  expect(told).toEqual(['30 firing a+']);
});

test('a receiver that is down is tried again, and then told what is so by then', async () => {
  const { clock, told, receivers, notice, down } = rig();
  down(true);
  receivers.send([notice('a')]);
  await clock.pass(45 * SECOND);
  receivers.send([notice('b')]);
  down(false);
  await clock.pass(5 * MINUTE);
  expect(told).toEqual(['60 firing a+ b+']);
  expect(receivers.status()[0].counts).toEqual({ sent: 1, failed: 2, dropped: 0 });
});

test('a restart tells nothing twice, and tells of what ended meanwhile', async () => {
  const first = rig();
  first.receivers.send([first.notice('a'), first.notice('b', { endsAt: first.clock.now() + 10 * MINUTE })]);
  await first.clock.pass(2 * MINUTE);
  await first.receivers.close();
  const second = rig(FILE, JSON.parse(JSON.stringify(first.states)) as typeof first.states);
  await second.clock.pass(2 * MINUTE);
  second.receivers.send([second.notice('a')]);
  expect([first.told, second.told]).toEqual([['30 firing a+ b+'], []]);
  await second.clock.pass(20 * MINUTE);
  expect(second.told).toEqual(['630 firing a+ b-']);
});

test('fingerprints are those of Prometheus', () => {
  expect(fingerprint([])).toBe('cbf29ce484222325');
  expect(fingerprint(labelsOf({ a: 'b' }))).toHaveLength(16);
});

test.each([
  ['no way', 'receivers: [{ name: a }]', /add webhook, slack or email/],
  [
    'a matcher that is none',
    "receivers: [{ name: a, matchers: ['x'], webhook: { url: 'http://h/' } }]",
    /is no matcher/,
  ],
  [
    'a mail server without a port',
    'receivers: [{ name: a, email: { to: [x], from: y, smarthost: h } }]',
    /write host:port/,
  ],
  ['a webhook without a URL', 'receivers: [{ name: a, webhook: {} }]', /one of url and url_file/],
  [
    'two of a name',
    "receivers: [{ name: a, webhook: { url: 'http://h/' } }, { name: a, slack: { url: 'http://h/' } }]",
    /names must differ/,
  ],
])('%s is refused', (_, text, why) => expect(() => parseReceiversFile(text, 'notify.yml')).toThrow(why));

/** Says yes to everything that a mail server is told, and keeps it. */
async function mailServer() {
  const lines: string[] = [];
  const server = createServer((socket) => {
    let inData = false;
    let rest = '';
    socket.write('220 test\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const parts = (rest + data.toString()).split('\r\n');
      rest = parts.pop()!;
      for (const line of parts) {
        lines.push(line);
        if (inData && line !== '.') continue;
        const verb = line.slice(0, 4).toUpperCase();
        inData = verb === 'DATA';
        socket.write(inData ? '354 go on\r\n' : verb === 'EHLO' ? '250 test\r\n' : '250 ok\r\n');
        if (verb === 'QUIT') socket.end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { lines, port: (server.address() as { port: number }).port, close: () => server.close() };
}

test.each([
  [0, '1970-01-01T00:00:00Z'],
  [10_100, '1970-01-01T00:00:10.1Z'],
  [10_730, '1970-01-01T00:00:10.73Z'],
  [10_735, '1970-01-01T00:00:10.735Z'],
])('a webhook tells %d ms as %s', (startsAt, text) => {
  const alert: Notice = { labels: [], annotations: [], startsAt, endsAt: startsAt, generatorUrl: '' };
  const digest: Digest = { labels: [], status: 'resolved', alerts: [alert], isResolved: () => true };
  const told = webhookJson(digest, { receiver: 'a', externalUrl: '' }, 0);
  expect(JSON.parse(told).alerts[0]).toMatchObject({ startsAt: text, endsAt: text });
});

test('a mail says what fires, since when, and where to look', async () => {
  const server = await mailServer();
  const text = `receivers: [{ name: a, email: { to: [on-call@example.com], from: isotherm@example.com, smarthost: '127.0.0.1:${server.port}', require_tls: false } }]`;
  const way = openWay(parseReceiversFile(text, 'notify.yml')[0].way);
  const alert: Notice = {
    labels: labelsOf({ alertname: 'Slow', model: 'm' }),
    annotations: labelsOf({ summary: 'p99 is 2 s' }),
    startsAt: 0,
    endsAt: EVER,
    generatorUrl: 'http://h/graph',
  };
  const digest: Digest = {
    labels: labelsOf({ alertname: 'Slow' }),
    status: 'firing',
    alerts: [alert],
    isResolved: () => false,
  };
  await way.send(digest, { receiver: 'a', externalUrl: 'http://h/' });
  server.close();
  const mail = server.lines.join('\n');
  expect(mail).toMatch(/RCPT TO:<on-call@example.com>/);
  expect(mail).toMatch(/Subject: \[FIRING:1\] Slow/);
  expect(mail).toMatch(/summary: p99 is 2 s\n {2}since 1970-01-01T00:00:00.000Z/);
});

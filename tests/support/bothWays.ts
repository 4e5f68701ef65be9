/** The same request to two servers that are alike: to one as the framework takes it, to the other by a socket, where it may go a shorter way. */
import { request as httpRequest } from 'node:http';
import { Gate } from '../../src/server/http/access/gate.ts';
import { openAccess } from '../../src/server/http/access/access.ts';
import { silentLog } from '../../src/server/telemetry/log.ts';
import { createSelfMetrics } from '../../src/server/telemetry/selfMetrics.ts';
import { fakeServer, type FakeServer } from './fakeRooms.ts';
import { tempFolder, writeConfig } from './sidecar.ts';

export interface Sent {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface Got {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

export type Overrides = Parameters<typeof fakeServer>;

/** What belongs to a connection, and when, is left away. */
const answered = (
  status: number,
  { date, connection, 'keep-alive': keepAlive, 'transfer-encoding': coding, ...headers }: Got['headers'],
  body: Buffer,
): Got => {
  void [date, connection, keepAlive, coding];
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return { status, headers: Object.fromEntries(texts), body: body.toString('latin1') };
};

async function byFramework({ server }: FakeServer, { url, method, headers, body }: Sent): Promise<Got> {
  const payload = body === undefined ? {} : { payload: Buffer.from(body) };
  const got = await server.inject({ method, url, headers: { ...headers }, ...payload });
  return answered(got.statusCode, got.headers, got.rawPayload);
}

async function bySocket(address: string, { url, method, headers, body }: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const asked = httpRequest(`http://${address}${url}`, { method, headers: { ...length, ...headers } });
    asked.once('error', reject).once('response', (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.once('end', () => resolve(answered(answer.statusCode!, answer.headers, Buffer.concat(pieces))));
    });
    asked.end(body);
  });
}

/** The counts of requests by handler and status that a server's own metrics have. */
const countsOf = async (metrics: ReturnType<typeof createSelfMetrics>) =>
  (await metrics.page()).split('\n').filter((line) => /^prometheus_http_re\w+_total\{|_count\{handler/.test(line));

/** @returns the answer, which is the same of both, and whether the socket's server went the shorter way. */
export async function bothWays(
  sent: Sent,
  [options, overrides]: Overrides,
  prepare: (at: FakeServer) => void = () => undefined,
): Promise<Got & { readonly isPlain: boolean }> {
  const metrics = [0, 1].map(() =>
    createSelfMetrics({ version: '0', apiVersion: '3', revision: 'r', branch: 'b', nodeVersion: 'v24' }),
  );
  const [framework, socket] = metrics.map((own) => fakeServer(options, { metrics: own, ...overrides }));
  for (const at of [framework, socket]) prepare(at);
  const wanted = await byFramework(framework, sent);
  const entered = jest.spyOn(Gate.prototype, 'letsIn');
  try {
    const got = await bySocket(await socket.server.listen('127.0.0.1', 0), sent);
    expect(got).toEqual(wanted);
    expect(socket.fake.written).toEqual(framework.fake.written);
    expect(await countsOf(metrics[1])).toEqual(await countsOf(metrics[0]));
    return { ...got, isPlain: entered.mock.calls.length === 0 };
  } finally {
    entered.mockRestore();
    await socket.server.close();
  }
}

/** Who is let in, by a configuration of its own. */
export const webConfig = (text: string) => ({
  access: openAccess(writeConfig(tempFolder(), text, 'web.yml'), silentLog),
});

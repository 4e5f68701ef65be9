/**
 * Targets that do what targets do on a bad day, each on a port of its own, in a process of their own: they come and go, hang, trickle, send a gigabyte,
 * change the order of their lines, renew their certificate. Run as a child (`startHostileTargets`).
 */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const GIGABYTE = 2 ** 30;
const RENEWAL_MS = 2000;
const FLAP_MS = 1500;
const LINES = 2000;

export interface HostileTargets {
  /** Ports by what they do. `renewing` speaks TLS, by a certificate that `authority` has signed. */
  readonly ports: Readonly<Record<string, number>>;
  readonly authority: string;
  stop(): void;
}

/** @param folder for certificates. */
export async function startHostileTargets(folder: string): Promise<HostileTargets> {
  const child = fork(fileURLToPath(import.meta.url), [folder]);
  const [ports] = (await once(child, 'message')) as [Record<string, number>];
  return { ports, authority: path.join(folder, 'ca.pem'), stop: () => void child.kill() };
}

const head = { 'content-type': 'text/plain; version=0.0.4' };
const megabyte = Buffer.from('# nothing\n'.repeat(2 ** 20 / 10 + 1)).subarray(0, 2 ** 20);
const bomb = gzipSync(Buffer.alloc(GIGABYTE / 4, '# nothing\n'), { level: 9 });

/** Writes without an end, as fast as it is taken. */
function pour(response: http.ServerResponse): void {
  response.on('error', () => undefined);
  const more = () => {
    while (!response.destroyed && response.write(megabyte));
  };
  response.on('drain', more);
  more();
}

let turn = 0;
const LISTENERS: Readonly<Record<string, RequestListener>> = {
  hangs: () => undefined,
  'hangs in the middle': (_, response) =>
    void response.writeHead(200, { ...head, 'content-length': 100 }).write('a 1\n'),
  trickles: (_, response) => {
    response.writeHead(200, head);
    const timer = setInterval(() => response.write('a'), 250);
    response.on('close', () => clearInterval(timer));
  },
  'sends a gigabyte': (_, response) => pour(response.writeHead(200, { ...head, 'content-length': GIGABYTE })),
  'sends without end': (_, response) => pour(response.writeHead(200, head)),
  'sends a bomb': (_, response) => void response.writeHead(200, { ...head, 'content-encoding': 'gzip' }).end(bomb),
  'changes the order': (_, response) => {
    turn++;
    const lines = Array.from({ length: LINES }, (_line, i) => {
      const series = (i * 739 + turn * 331) % LINES;
      return `ordered_total{series="${series}"} ${turn + series}\n`;
    });
    response.writeHead(200, head).end(lines.join(''));
  },
  'is all new each time': (_, response) => {
    turn++;
    const lines = Array.from({ length: 200 }, (_line, i) => `fresh{turn="${turn}",series="${i}"} ${i}\n`);
    response.writeHead(200, head).end(lines.join(''));
  },
  fails: (_, response) => void response.writeHead(500).end('no'),
  'sends garbage': (_, response) => void response.writeHead(200, head).end('a{b="c} 1\n'.repeat(1000)),
};

/** Speaks no HTTP at all. */
const TALKERS: Readonly<Record<string, (socket: net.Socket) => void>> = {
  'sends headers without end': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write(`x-more: ${'y'.repeat(8000)}\r\n`), 10);
    socket.on('close', () => clearInterval(timer));
  },
  'hangs up': (socket) => socket.end(),
  'talks past': (socket) => void socket.write('220 mail ready\r\n'),
};

function certify(folder: string): () => { key: Buffer; cert: Buffer } {
  const file = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...fresh, '-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=ca', '-days', '2');
  fs.writeFileSync(file('san'), 'subjectAltName=IP:127.0.0.1');
  return () => {
    openssl('req', ...fresh, '-keyout', file('own.key'), '-out', file('own.csr'), '-subj', '/CN=own');
    const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('san')];
    openssl('x509', '-req', '-in', file('own.csr'), ...signer, '-days', '1', '-out', file('own.pem'));
    return { key: fs.readFileSync(file('own.key')), cert: fs.readFileSync(file('own.pem')) };
  };
}

async function listen(server: net.Server, port = 0): Promise<number> {
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return (server.address() as net.AddressInfo).port;
}

async function main(folder: string): Promise<void> {
  const ports: Record<string, number> = {};
  for (const [name, listener] of Object.entries(LISTENERS)) ports[name] = await listen(http.createServer(listener));
  for (const [name, talk] of Object.entries(TALKERS)) {
    ports[name] = await listen(net.createServer((socket) => talk(socket.on('error', () => undefined).resume())));
  }
  const renew = certify(folder);
  const renewing = https.createServer(renew(), (_, response) => void response.writeHead(200, head).end('a 1\n'));
  ports.renewing = await listen(renewing);
  setInterval(() => {
    renewing.setSecureContext(renew());
    renewing.closeAllConnections();
  }, RENEWAL_MS);
  const flapping = http.createServer((_, response) => void response.writeHead(200, head).end('a 1\n'));
  const port = (ports['comes and goes'] = await listen(flapping));
  setInterval(() => {
    if (!flapping.listening) return void flapping.listen(port, '127.0.0.1');
    flapping.closeAllConnections();
    flapping.close();
  }, FLAP_MS);
  process.on('disconnect', () => process.exit());
  process.send!(ports);
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv[2]);

/** A small DNS server for tests: answers over UDP from a table, knows A, AAAA, SRV, MX, NS and CNAME. */
import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

const TYPES = { A: 1, NS: 2, CNAME: 5, MX: 15, AAAA: 28, SRV: 33 } as const;
export type RecordType = keyof typeof TYPES;

export interface DnsRecord {
  readonly type: RecordType;
  /** As a zone file has it: `10 5 9100 host.example` for SRV. */
  readonly data: string;
}

const NO_ERROR = 0;
export const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;

/** Records by name, or a response code. */
export type Zone = Map<string, readonly DnsRecord[] | number>;

export class DnsServer {
  readonly zone: Zone = new Map();
  readonly asked: string[] = [];
  private readonly socket: Socket = createSocket('udp4');

  /** @returns host:port. */
  async listen(): Promise<string> {
    this.socket.on('message', (question, from) => this.socket.send(this.answer(question), from.port, from.address));
    await new Promise<void>((done) => this.socket.bind(0, '127.0.0.1', done));
    return `127.0.0.1:${(this.socket.address() as AddressInfo).port}`;
  }

  close(): void {
    this.socket.close();
  }

  private answer(question: Buffer): Buffer {
    const { name, end } = readName(question);
    const type = question.readUInt16BE(end);
    this.asked.push(name);
    const found = this.zone.get(name) ?? NO_SUCH_NAME;
    const code = typeof found === 'number' ? found : NO_ERROR;
    const records = typeof found === 'number' ? [] : found.filter((r) => TYPES[r.type] === type || r.type === 'CNAME');
    const header = Buffer.alloc(12);
    question.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8580 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    return Buffer.concat([header, question.subarray(12, end + 4), ...records.map(recordBytes)]);
  }
}

function readName(message: Buffer): { name: string; end: number } {
  const parts: string[] = [];
  let at = 12;
  while (message[at] !== 0) {
    parts.push(message.toString('latin1', at + 1, at + 1 + message[at]));
    at += 1 + message[at];
  }
  return { name: parts.join('.'), end: at + 1 };
}

/** An answer to the question's own name, by a pointer to it. */
function recordBytes({ type, data }: DnsRecord): Buffer {
  const body = dataBytes(type, data);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(TYPES[type], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(body.length, 10);
  return Buffer.concat([head, body]);
}

function dataBytes(type: RecordType, data: string): Buffer {
  if (type === 'A') return Buffer.from(data.split('.').map(Number));
  if (type === 'AAAA') {
    // `a::b`, as much of the notation as tests need.
    const [left, right] = data.split('::').map((half) => half.split(':').filter((part) => part !== ''));
    const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
    return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
  }
  const words = data.split(' ');
  const numbers = words.slice(0, -1).map((word) => {
    const two = Buffer.alloc(2);
    two.writeUInt16BE(Number(word));
    return two;
  });
  return Buffer.concat([...numbers, nameBytes(words.at(-1)!)]);
}

function nameBytes(name: string): Buffer {
  const parts = name.split('.').map((part) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part, 'latin1')]));
  return Buffer.concat([...parts, Buffer.from([0])]);
}

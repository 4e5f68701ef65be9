/** What is answered to what cannot be read as HTTP. It comes to no route. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { DATA_HEADERS, JSON_TYPE } from './answer.ts';
import { failureText } from './apiError.ts';

/** By the parser's codes; all others are 400, in its own words. */
const KNOWN: Readonly<Record<string, { readonly status: number; readonly why: string }>> = {
  HPE_INVALID_URL: {
    status: 400,
    why: 'the URL has a character that it may not have; write it as %XX, as curl does with -G --data-urlencode',
  },
  HPE_HEADER_OVERFLOW: { status: 431, why: 'the request line and headers are too long, or too many' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, why: 'the request was not whole within --web.read-timeout' },
};

/** Answers and closes the connection. */
export function answerBroken(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, why } = KNOWN[error.code ?? ''] ?? { status: 400, why: error.message };
  const json = failureText('bad_data', why);
  const headers = { ...DATA_HEADERS, 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(json) };
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'connection: close'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (socket.writable) socket.write(`${lines.join('\r\n')}\r\n\r\n${json}`);
  socket.destroy(error);
}

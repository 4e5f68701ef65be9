/** A row of the route tables. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps, ServerRooms } from './deps.ts';
import type { Params } from './params.ts';

export type Method = 'GET' | 'POST' | 'PUT';

export interface ApiCall {
  readonly deps: HttpDeps;
  readonly rooms: ServerRooms;
  readonly params: Params;
  /** Parts of the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  /** Aborted when the client goes away before it is answered. */
  readonly signal: AbortSignal;
}

/** What an endpoint answers: pieces of JSON, the whole envelope included. */
export type ApiHandler = (call: ApiCall) => Iterable<string> | Promise<Iterable<string>>;

export interface ApiRoute {
  /** Below /api/v1. */
  readonly path: string;
  readonly methods: readonly Method[];
  readonly answer: ApiHandler;
}

export type RawHandler = (request: FastifyRequest, reply: FastifyReply) => unknown;

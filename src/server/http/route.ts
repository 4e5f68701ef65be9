/** A row of the route tables. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps, ServerRooms } from './deps.ts';
import type { AnswerPieces, QueryRequest } from '../storage/engine.ts';
import type { Params } from './params.ts';
import type { RunningQueries } from './runningQueries.ts';

export type Method = 'GET' | 'POST' | 'PUT';

export interface ApiCall {
  readonly deps: HttpDeps;
  readonly rooms: ServerRooms;
  readonly params: Params;
  /** Parts of the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly queries: RunningQueries;
  /** Media types that the client takes, as its header has them; '' for any. */
  readonly accept: string;
  /** Address of who asks. */
  readonly client: string;
  /** Who asks, for the query log. */
  readonly origin: NonNullable<QueryRequest['origin']>;
  /** Aborted when the client goes away before it is answered. */
  readonly gone: AbortController;
}

/** Pieces of JSON, the whole envelope included: as text, or as bytes that come from where they are made. */
export type ApiAnswer = Iterable<string> | AnswerPieces;

/** What is no JSON. */
export interface TypedAnswer {
  readonly contentType: string;
  /** The type depends on what the client takes. */
  readonly isNegotiated?: boolean;
  readonly pieces: ApiAnswer;
}

/** What an endpoint answers. */
export type ApiHandler = (call: ApiCall) => ApiAnswer | TypedAnswer | Promise<ApiAnswer | TypedAnswer>;

export interface ApiRoute {
  /** Below /api/v1. */
  readonly path: string;
  readonly methods: readonly Method[];
  /** It changes something: refused to pages of other sites, and to those who may only read. */
  readonly changes?: boolean;
  readonly answer: ApiHandler;
}

export type RawHandler = (request: FastifyRequest, reply: FastifyReply) => unknown;

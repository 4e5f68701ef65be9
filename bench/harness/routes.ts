/** Asks routes of the API as the server does, without HTTP. */
import { Params } from '../../src/server/http/params.ts';
import type { ApiAnswer, ApiCall, ApiRoute } from '../../src/server/http/route.ts';
import type { Tsdb } from '../../src/server/tsdb/db.ts';
import type { QueryRunner } from '../../src/server/workers/queryRunner.ts';

export type AskRoute = (params: Record<string, string>) => Promise<Buffer>;

export function askingRoute(route: ApiRoute, engine: QueryRunner, queryable: Tsdb): AskRoute {
  return async (params) => {
    const call = {
      params: new Params(new URLSearchParams(params)),
      deps: { options: { queryTimeoutMs: 120_000, maxSamples: 50_000_000, queryBytesMax: Infinity } },
      rooms: { engine, queryable },
      gone: new AbortController(),
    };
    const answer = await route.answer(call as unknown as ApiCall);
    return bytesOf('pieces' in answer ? answer.pieces : answer);
  };
}

export async function bytesOf(pieces: ApiAnswer): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece));
  return Buffer.concat(all);
}

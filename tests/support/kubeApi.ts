/** A small Kubernetes API server for tests: lists in pages, and watches from a resource version on, over HTTP. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../../src/server/discovery/kubernetes/objects.ts';

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';
interface Event {
  readonly version: number;
  readonly type: EventType;
  readonly collection: string;
  readonly object: KubeObject;
}

/** `/api/v1/namespaces/ml/pods` → collection `/api/v1/pods`, namespace `ml`. */
function placeOf(pathname: string): { collection: string; namespace: string | undefined } {
  const place = /^(.*)\/namespaces\/([^/]+)\/(\w+)$/.exec(pathname);
  return place === null
    ? { collection: pathname, namespace: undefined }
    : { collection: `${place[1]}/${place[3]}`, namespace: place[2] };
}

export class KubeApi {
  readonly asked: { url: URL; authorization: string | undefined }[] = [];
  private readonly objects = new Map<string, Map<string, KubeObject>>();
  private events: Event[] = [];
  private version = 100;
  private oldest = 0;
  private watching: { collection: string; namespace: string | undefined; response: ServerResponse }[] = [];
  private readonly server: Server = createServer((request, response) => this.answer(request, response));

  /** @returns the server's URL. */
  async listen(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  put<T extends KubeObject>(collection: string, object: T): void {
    const known = this.collection(collection).has(keyOf(object));
    this.happen(collection, known ? 'MODIFIED' : 'ADDED', object);
  }

  delete(collection: string, object: KubeObject): void {
    this.happen(collection, 'DELETED', object);
  }

  /** Ends all watches, as a server does after a while. */
  endWatches(): void {
    for (const { response } of this.watching.splice(0)) response.end();
  }

  /** Forgets what happened: a watch from before gets 410. */
  compact(): void {
    this.oldest = this.version;
    this.events = [];
  }

  get watchCount(): number {
    return this.watching.length;
  }

  private collection(name: string): Map<string, KubeObject> {
    let found = this.objects.get(name);
    if (found === undefined) this.objects.set(name, (found = new Map()));
    return found;
  }

  private happen(collection: string, type: EventType, object: KubeObject): void {
    const version = ++this.version;
    const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    if (type === 'DELETED') this.collection(collection).delete(keyOf(object));
    else this.collection(collection).set(keyOf(object), stamped);
    const event: Event = { version, type, collection, object: stamped };
    this.events.push(event);
    for (const watch of this.watching) tell(watch, event);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://api');
    this.asked.push({ url, authorization: request.headers.authorization });
    const { collection, namespace } = placeOf(url.pathname);
    response.setHeader('content-type', 'application/json');
    if (url.searchParams.get('watch') === 'true') this.watch(url, { collection, namespace, response });
    else this.list(url, collection, namespace, response);
  }

  private list(url: URL, collection: string, namespace: string | undefined, response: ServerResponse): void {
    const all = [...this.collection(collection).values()].filter(
      ({ metadata }) => namespace === undefined || metadata?.namespace === namespace,
    );
    // Pages of two, whatever limit is asked for: a server may always give fewer.
    const from = Number(url.searchParams.get('continue') ?? 0);
    const more = from + 2 < all.length ? String(from + 2) : '';
    const metadata = { resourceVersion: String(this.version), continue: more };
    response.end(JSON.stringify({ kind: 'List', metadata, items: all.slice(from, from + 2) }));
  }

  private watch(url: URL, watch: KubeApi['watching'][number]): void {
    const since = Number(url.searchParams.get('resourceVersion'));
    const { response } = watch;
    if (since < this.oldest) {
      // As a status within the stream, which is how a real server says it most of the time.
      response.end(`${JSON.stringify({ type: 'ERROR', object: { metadata: {}, code: 410, message: 'too old' } })}\n`);
      return;
    }
    response.flushHeaders();
    for (const event of this.events) if (event.version > since) tell(watch, event);
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.version) } } };
    response.write(`${JSON.stringify(bookmark)}\n`);
    this.watching.push(watch);
  }
}

function tell(
  watch: { collection: string; namespace: string | undefined; response: ServerResponse },
  event: Event,
): void {
  if (event.collection !== watch.collection) return;
  if (watch.namespace !== undefined && watch.namespace !== event.object.metadata?.namespace) return;
  watch.response.write(`${JSON.stringify({ type: event.type, object: event.object })}\n`);
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}

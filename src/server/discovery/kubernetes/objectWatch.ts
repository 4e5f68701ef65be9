/** The objects of one kind in one namespace (or all): listed once, then followed by a watch that is taken up where it ended. */
import { isNativeError } from 'node:util/types';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError, type JsonClient } from '../jsonClient.ts';
import { objectKey, type KubeObject } from './objects.ts';

const PAGE_SIZE = 500;
/** A cluster with more objects of a kind than this is seen in part. */
const OBJECTS_MAX = 200_000;
/** The API server ends a watch after this long; a connection that is silent for longer is given up. */
const WATCH_SECONDS = 300;
const WATCH_PATIENCE_MS = 30_000;
const LIST_TIMEOUT_MS = 60_000;
const RETRY_MS = 5_000;
/** Between two watches, or a watch that is too old and the next list, at least. */
const PAUSE_MS = 500;
/** One event holds one object; etcd stores none larger than 1.5 MiB. */
const EVENT_BYTES_MAX = 16 * 1024 * 1024;
/** The version asked for is too old: list again. */
const GONE = 410;

export interface WatchDeps {
  readonly client: JsonClient;
  /** Of the collection. */
  readonly url: string;
  /** Label and field selectors. */
  readonly query: Readonly<Record<string, string>>;
  readonly onChange: () => void;
  /** Of each object, beside `onChange`. */
  readonly onObject: (change: 'add' | 'update' | 'delete') => void;
  readonly onFault: (why: string) => void;
}

interface ListAnswer {
  readonly items?: readonly KubeObject[] | null;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

interface WatchEvent {
  readonly type?: string;
  readonly object?: KubeObject & { readonly code?: number; readonly message?: string };
}

export class ObjectWatch {
  readonly objects = new Map<string, KubeObject>();
  /** Whether the objects have been listed. */
  listed = false;
  private readonly deps: WatchDeps;
  private version = '';

  constructor(deps: WatchDeps) {
    this.deps = deps;
  }

  /** Ends with the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.version === '') await this.list(signal);
        await this.watch(signal);
        await pause(PAUSE_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof StatusError && error.status === GONE) {
          this.version = '';
          await pause(PAUSE_MS, signal);
          continue;
        }
        this.deps.onFault(isNativeError(error) ? error.message : String(error));
        await pause(RETRY_MS, signal);
      }
    }
  }

  private async list(signal: AbortSignal): Promise<void> {
    const found = new Map<string, KubeObject>();
    let more: string | undefined;
    let version = '';
    do {
      const query = new URLSearchParams({ ...this.deps.query, limit: String(PAGE_SIZE) });
      if (more !== undefined) query.set('continue', more);
      const within = AbortSignal.any([signal, AbortSignal.timeout(LIST_TIMEOUT_MS)]);
      const { items, metadata } = (await this.deps.client.get(`${this.deps.url}?${query}`, within)).json as ListAnswer;
      for (const item of items ?? []) {
        const key = objectKey(item.metadata?.namespace, item.metadata?.name);
        if (isRoomFor(found, key)) found.set(key, item);
      }
      version = metadata?.resourceVersion ?? '';
      more = metadata?.continue === '' ? undefined : metadata?.continue;
    } while (more !== undefined && found.size < OBJECTS_MAX);
    for (const key of this.objects.keys()) if (!found.has(key)) this.remove(key);
    for (const [key, object] of found) this.put(key, object);
    this.version = version;
    this.listed = true;
    this.deps.onChange();
  }

  private async watch(signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({
      ...this.deps.query,
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.version,
      timeoutSeconds: String(WATCH_SECONDS),
    });
    const within = AbortSignal.any([signal, AbortSignal.timeout(WATCH_SECONDS * 1000 + WATCH_PATIENCE_MS)]);
    for await (const line of linesOf(await this.deps.client.stream(`${this.deps.url}?${query}`, within))) {
      this.take(JSON.parse(line) as WatchEvent);
    }
  }

  private take({ type, object }: WatchEvent): void {
    if (type === 'ERROR') throw new StatusError(object?.code ?? 500);
    if (object?.metadata === undefined) return;
    this.version = object.metadata.resourceVersion ?? this.version;
    if (type === 'BOOKMARK') return;
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    if (type === 'DELETED') this.remove(key);
    else if (isRoomFor(this.objects, key)) this.put(key, object);
    this.deps.onChange();
  }

  private put(key: string, object: KubeObject): void {
    const before = this.objects.get(key);
    this.objects.set(key, object);
    const isSame = before !== undefined && before.metadata?.resourceVersion === object.metadata?.resourceVersion;
    if (!isSame) this.deps.onObject(before === undefined ? 'add' : 'update');
  }

  private remove(key: string): void {
    if (this.objects.delete(key)) this.deps.onObject('delete');
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

function isRoomFor(objects: ReadonlyMap<string, KubeObject>, key: string): boolean {
  return key !== '' && (objects.size < OBJECTS_MAX || objects.has(key));
}

/** The lines of a stream, blank ones left out. @throws Error for a line that is too long. */
async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > EVENT_BYTES_MAX) throw new Error(`a watch event is larger than ${EVENT_BYTES_MAX} bytes`);
    for (const line of lines) if (line.trim() !== '') yield line;
  }
}

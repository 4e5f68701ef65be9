/** Connections that clients open, counted by the name of who wants them. */
import type { Socket } from 'node:net';

const REASONS = ['resolution', 'refused', 'timeout', 'unknown'] as const;
export type DialFault = (typeof REASONS)[number];

const REASON_OF: Readonly<Record<string, DialFault>> = {
  ENOTFOUND: 'resolution',
  EAI_AGAIN: 'resolution',
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
};

export class DialCounts {
  attempted = 0;
  established = 0;
  closed = 0;
  readonly failed = Object.fromEntries(REASONS.map((reason) => [reason, 0])) as Record<DialFault, number>;

  /** Counts what becomes of a socket that begins to connect. */
  follow<S extends Socket>(socket: S): S {
    this.attempted++;
    let isOpen = false;
    socket.once('connect', () => {
      isOpen = true;
      this.established++;
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (!isOpen) this.failed[REASON_OF[error.code ?? ''] ?? 'unknown']++;
    });
    socket.once('close', () => {
      if (isOpen) this.closed++;
    });
    return socket;
  }
}

export class Dials {
  readonly #byName = new Map<string, DialCounts>();

  get all(): ReadonlyMap<string, DialCounts> {
    return this.#byName;
  }

  named(name: string): DialCounts {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const counts = new DialCounts();
    this.#byName.set(name, counts);
    return counts;
  }
}

/** Discovery by asking again and again: what was found last stays while asking fails. */
import { isNativeError } from 'node:util/types';
import type { RefreshedMechanism } from './events.ts';
import type { Discoverer, DiscoveryDeps, GroupsListener, TargetGroup } from './targetGroup.ts';

export interface Refresh {
  readonly mechanism: RefreshedMechanism;
  /** Names the source in faults. */
  readonly source: string;
  readonly intervalMs: number;
  /** @throws Error with the reason, for the log. */
  find(signal: AbortSignal): Promise<readonly TargetGroup[]>;
  /** After the last `find`. */
  close?(): Promise<void>;
}

/** Asks at once and then every interval, one question at a time; a question may take as long as the interval. */
export function createRefresher(refresh: Refresh, deps: DiscoveryDeps): Discoverer {
  return new Refresher(refresh, deps);
}

class Refresher implements Discoverer {
  private readonly refresh: Refresh;
  private readonly deps: DiscoveryDeps;
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private saidFault = '';

  constructor(refresh: Refresh, deps: DiscoveryDeps) {
    this.refresh = refresh;
    this.deps = deps;
  }

  start(listener: GroupsListener): void {
    const ask = async () => {
      const began = performance.now();
      await this.ask(listener);
      if (this.stopping.signal.aborted) return;
      this.timer = setTimeout(() => void ask(), Math.max(0, this.refresh.intervalMs - (performance.now() - began)));
      this.timer.unref();
    };
    void ask();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.stopping.abort();
    void this.refresh.close?.();
  }

  private async ask(listener: GroupsListener): Promise<void> {
    const { signal } = this.stopping;
    const { intervalMs, mechanism } = this.refresh;
    const began = performance.now();
    let failed = true;
    try {
      const groups = await this.refresh.find(AbortSignal.any([signal, AbortSignal.timeout(intervalMs)]));
      failed = false;
      this.saidFault = '';
      if (!signal.aborted) listener(groups);
    } catch (error) {
      const why = isNativeError(error) ? error.message : String(error);
      if (signal.aborted || why === this.saidFault) return;
      this.saidFault = why;
      this.deps.onFault(this.refresh.source, why);
    } finally {
      if (!signal.aborted) this.deps.onEvent?.({ kind: 'refresh', mechanism, ms: performance.now() - began, failed });
    }
  }
}

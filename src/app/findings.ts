/** What the home page knows about one data source: its health in words and its targets by job. Pure; the page asks. */
import type { ApiTarget } from '../shared/api/prometheus.ts';
import { tr } from '../shared/texts/texts.ts';

export interface JobFinding {
  readonly job: string;
  readonly up: number;
  readonly all: number;
  /** Of one target that is down; '' if none is. */
  readonly lastError: string;
}

/** Targets by job, those with faults first, then by name. */
export function jobsOf(targets: readonly ApiTarget[]): JobFinding[] {
  const jobs = new Map<string, { up: number; all: number; lastError: string }>();
  for (const target of targets) {
    const name = target.labels.job ?? target.scrapePool;
    const job = jobs.get(name) ?? { up: 0, all: 0, lastError: '' };
    jobs.set(name, job);
    job.all++;
    if (target.health === 'up') job.up++;
    else if (job.lastError === '') job.lastError = target.lastError === '' ? tr('not scraped yet') : target.lastError;
  }
  return [...jobs]
    .map(([job, found]) => ({ job, ...found }))
    .sort((a, b) => Number(a.up === a.all) - Number(b.up === b.all) || (a.job < b.job ? -1 : 1));
}

/** Words for an answer of Grafana's health route, or for its refusal. */
export function healthWords(answer: unknown): { readonly ok: boolean; readonly text: string } {
  const body = (answer ?? {}) as { status?: string; message?: string; data?: { message?: string } };
  return {
    ok: body.status === 'OK',
    text:
      body.message ??
      body.data?.message ??
      tr("the data source does not answer; its backend may not have started: see Grafana's log"),
  };
}

/** As far as it is counted here. */
export interface ApiRules {
  readonly groups?: readonly {
    readonly rules: readonly { readonly type: string; readonly state?: string; readonly health?: string }[];
  }[];
}

/** "12 rules, 2 of them firing, 1 with a fault"; '' where there are none. */
export function rulesWords(answer: ApiRules | undefined): string {
  const rules = (answer?.groups ?? []).flatMap((group) => group.rules);
  if (rules.length === 0) return '';
  const firing = rules.filter(({ state }) => state === 'firing').length;
  const faulty = rules.filter(({ health }) => health === 'err').length;
  return [
    rules.length === 1 ? tr('1 rule') : tr('{0} rules', rules.length),
    ...(firing > 0 ? [tr('{0} firing', firing)] : []),
    ...(faulty > 0 ? [tr('{0} with a fault', faulty)] : []),
  ].join(', ');
}

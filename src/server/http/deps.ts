/** What the HTTP rim is handed by the composition root. */
import type { Labels } from '../../shared/model/labels.ts';
import type { BuildInfo } from '../telemetry/build.ts';
import type { Notifications } from '../telemetry/notifications.ts';
import type { SavedQueries } from './savedQueries.ts';
import type { Access } from './access/access.ts';
import type { OtlpConfig } from '../config/config.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';
import type { StoreAdmin } from '../storage/admin.ts';
import type { Storage } from '../storage/appender.ts';
import type { AnsweringEngine } from '../storage/engine.ts';
import type { Queryable } from '../storage/queryable.ts';
import type { AlertmanagersView } from '../notifier/notifier.ts';
import type { PushStore } from '../push/push.ts';
import type { RulesView } from '../rules/manager.ts';
import type { TargetsView } from '../scrape/status.ts';

/** The rooms behind the API, there once the log is replayed. */
export interface ServerRooms {
  readonly engine: AnsweringEngine;
  readonly queryable: Queryable;
  /** The same without other servers that are asked along: what is given to those who ask this one. */
  readonly ownQueryable: Queryable;
  readonly storage: Storage;
  readonly admin: StoreAdmin;
  readonly targets: TargetsView;
  readonly rules: RulesView;
  readonly alertmanagers: AlertmanagersView;
  readonly savedQueries: SavedQueries;
  /** undefined unless pushes are taken. */
  readonly pushes?: PushStore;
  headStats(): HeadStats;
}

export interface HeadStats {
  readonly series: number;
  readonly chunks: number;
  /** Milliseconds; undefined while the store is empty. */
  readonly minTime: number | undefined;
  readonly maxTime: number | undefined;
  /** Damaged records met when the log was read. */
  readonly corruptions: number;
  readonly logSegments: number;
  readonly logBytes: number;
  readonly blockBytes: number;
  /** Why no samples are taken now, and since when (milliseconds since 1970). */
  readonly refusal: { readonly message: string; readonly since: number } | undefined;
}

export interface RuntimeInfo {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly lastConfigAt: number;
  readonly reloadSucceeded: boolean;
  /** What is kept, in words. */
  readonly retention: string;
}

export interface HttpOptions {
  readonly routePrefix: string;
  /** Under which others reach this server; undefined until the address is known and no flag says it. */
  readonly externalUrl: string;
  readonly corsOrigin: string;
  readonly enableLifecycle: boolean;
  readonly enableRemoteWrite: boolean;
  /** Messages of remote write that are taken, by their names. */
  readonly writeMessages: readonly string[];
  readonly enableOtlp: boolean;
  readonly enablePush: boolean;
  readonly enableAdmin: boolean;
  readonly readTimeoutMs: number;
  readonly connectionsMax: number;
  readonly queryTimeoutMs: number;
  /** How far back federation looks for a sample. */
  readonly lookbackDeltaMs: number;
  /** Samples that one query, explanation or federation may touch. */
  readonly maxSamples: number;
  /** Memory that one explanation takes for what it holds, about. */
  readonly queryBytesMax: number;
  readonly remoteReadSamplesMax: number;
  readonly remoteReadsMax: number;
  /** Of a streamed remote read, about. */
  readonly remoteReadFrameBytesMax: number;
  /** What `limit` of the search API may be; 0 for anything. */
  readonly searchLimitMax: number;
  /** Folder of the built pages. */
  readonly webUiFolder: string;
  /** Names given to --enable-feature. */
  readonly enabledFeatures: readonly string[];
  /** Every flag as text, for /api/v1/status/flags. */
  readonly flagTexts: Readonly<Record<string, string>>;
}

export interface HttpDeps {
  readonly options: HttpOptions;
  readonly access: Access;
  readonly notifications: Notifications;
  readonly build: BuildInfo;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: SelfMetrics;
  /** undefined while the log is replayed. */
  rooms(): ServerRooms | undefined;
  /** The exposition page of /metrics, of the named collectors only or of all. */
  metricsPage(collectors: readonly string[]): Promise<string>;
  configText(): string;
  /** `global.external_labels`. */
  externalLabels(): Labels;
  /** How OTLP metrics become series. */
  otlp(): OtlpConfig;
  runtime(): RuntimeInfo;
  /** Rejects with an error that says what is wrong; the running configuration is then untouched. */
  reload(): Promise<void>;
  quit(): void;
}

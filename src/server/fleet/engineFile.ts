/** The file that names the engine which holds a fleet's samples: URL and how to log in. docs/scale.md tells what it looks like. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkTree } from '../config/check.ts';
import type { HttpConfig } from '../config/config.ts';
import { ConfigError, type ConfigFault } from '../config/configError.ts';
import { fileText } from '../config/fileText.ts';
import { httpKeys } from '../config/httpSchema.ts';
import { resolveHttp } from '../config/resolveHttp.ts';
import { positiveDuration, url } from '../config/scalars.ts';
import { YamlSource } from '../config/yamlSource.ts';

const TIMEOUT_MS = 60_000;

const fileKeys = z.strictObject({ url, timeout: positiveDuration.optional(), ...httpKeys });

export interface EngineAddress {
  /** Before `/api/v1/…`; without a slash at its end. */
  readonly url: string;
  readonly timeoutMs: number;
  readonly http: HttpConfig;
}

/** @throws ConfigError with the place of every fault. */
export function loadEngineFile(file: string): EngineAddress {
  const source = new YamlSource(fileText(file), file);
  const raw = checkTree(source, fileKeys);
  const faults: ConfigFault[] = [];
  const http = resolveHttp(raw, dirname(resolve(file)), (path, why) => void faults.push(source.fault(path, why)));
  if (faults.length > 0) throw new ConfigError(file, faults);
  return { ...engineAddress(raw.url, raw.timeout), http };
}

/** An engine that asks for no login, unless its URL has one. */
export function engineAddress(written: string, timeoutMs = TIMEOUT_MS): EngineAddress {
  const { username, password, ...parts } = splitLogin(written);
  const inline = (value: string) => ({ kind: 'inline' as const, value });
  const http = resolveHttp({}, '.', () => undefined);
  const login = username === '' ? {} : { basicAuth: { username: inline(username), password: inline(password) } };
  return { url: parts.url, timeoutMs, http: { ...http, ...login } };
}

function splitLogin(written: string): { url: string; username: string; password: string } {
  const parsed = new URL(written);
  const [username, password] = [parsed.username, parsed.password].map(decodeURIComponent);
  parsed.username = parsed.password = '';
  return { url: parsed.href.replace(/\/+$/, ''), username, password };
}

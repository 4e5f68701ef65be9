/** The web configuration as the server uses it: read again when its files change, a broken one leaving the one before in force. */
import { statSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Server as TlsServer, ServerOptions } from 'node:https';
import type { Log } from '../../telemetry/log.ts';
import { loadWebConfig, OPEN, type TlsConfig, type WebConfig } from './webConfig.ts';

/** How often the file is looked at, at most. */
const LOOK_MS = 1_000;

export interface Access {
  config(): WebConfig;
  /** undefined serves plain HTTP. */
  readonly tls: ServerOptions | undefined;
  /** Gives a server the certificates that it is to use from now on, as they change. */
  follow(server: Server): void;
}

/** @param path '' lets everybody in. @throws ConfigError for a file that is wrong at the start. */
export function openAccess(path: string, log: Log): Access {
  if (path === '') return { config: () => OPEN, tls: undefined, follow: () => undefined };
  let config = loadWebConfig(path);
  let lookedAt = performance.now();
  let seen = changedAt(path);
  let onTls: (tls: TlsConfig) => void = () => undefined;
  const look = () => {
    if (performance.now() - lookedAt < LOOK_MS) return;
    lookedAt = performance.now();
    // Certificates are renewed in files beside this one; reading all of it anew is cheap.
    const changed = changedAt(path);
    try {
      const next = loadWebConfig(path);
      if ((next.tls === undefined) !== (config.tls === undefined)) {
        throw new Error('TLS can only be switched on or off by a restart');
      }
      if (next.tls !== undefined && JSON.stringify(next.tls) !== JSON.stringify(config.tls)) onTls(next.tls);
      config = next;
    } catch (error) {
      if (changed !== seen)
        log('error', 'The web configuration is wrong; the one before stays in force', { err: error });
    }
    seen = changed;
  };
  return {
    config() {
      look();
      return config;
    },
    tls: config.tls === undefined ? undefined : tlsOptions(config.tls),
    follow(server) {
      onTls = (tls) => (server as TlsServer).setSecureContext(tlsOptions(tls));
      server.on('connection', look);
    },
  };
}

function changedAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return NaN; // Loading it says what is wrong.
  }
}

function tlsOptions({ cert, key, ca, clientAuth, minVersion, maxVersion, ciphers, curves }: TlsConfig): ServerOptions {
  return {
    cert,
    key,
    ca,
    minVersion,
    maxVersion,
    ...(ciphers !== undefined && { ciphers }),
    ...(curves !== undefined && { ecdhCurve: curves }),
    requestCert: clientAuth !== 'NoClientCert',
    // The others are let through the handshake and told in words what is missing.
    rejectUnauthorized: clientAuth === 'RequireAndVerifyClientCert',
  };
}

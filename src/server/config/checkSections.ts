/** Rules of sections that the schema alone cannot say, and that nothing else in this folder resolves. */
import type { RawFile } from './fileSchema.ts';
import { HEADER_IS_OURS, PROTOCOL_HEADERS } from './resolveHttp.ts';
import { STRATEGIES } from './resolveOtlp.ts';
import type { Complain } from './resolveRelabel.ts';

/** `*` in the last path element only, as upstream has it. */
const GLOB_PATTERN = /^[^*]*(?:\*[^/]*)?$/;
const WRITE_MESSAGES = ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'];
const WRITE_LOGINS = ['basic_auth', 'authorization', 'oauth2', 'sigv4', 'azuread', 'google_iam'] as const;

export function checkSections(raw: RawFile, complain: Complain): void {
  checkGlobs(raw, complain);
  checkTracing(raw, complain);
  checkOtlp(raw, complain);
  checkRemote(raw, complain);
}

function checkGlobs(raw: RawFile, complain: Complain): void {
  for (const key of ['rule_files', 'scrape_config_files'] as const) {
    raw[key]?.forEach((pattern, i) => {
      if (!GLOB_PATTERN.test(pattern)) complain([key, i], '* may stand in the last part of the path only');
    });
  }
}

function checkTracing({ tracing }: RawFile, complain: Complain): void {
  if (tracing !== undefined && !tracing.endpoint) complain(['tracing'], 'endpoint is missing; write host:port');
}

function checkOtlp({ otlp, global }: RawFile, complain: Complain): void {
  if (otlp === undefined) return;
  for (const key of ['promote_resource_attributes', 'ignore_resource_attributes'] as const) {
    const seen = new Set<string>();
    otlp[key]?.forEach((attribute, i) => {
      if (attribute === '') complain(['otlp', key, i], 'an empty attribute');
      if (seen.has(attribute)) complain(['otlp', key, i], `${attribute} is listed twice`);
      seen.add(attribute);
    });
  }
  const all = otlp.promote_all_resource_attributes ?? false;
  if (all && (otlp.promote_resource_attributes?.length ?? 0) > 0)
    complain(['otlp', 'promote_resource_attributes'], 'promote_all_resource_attributes is set too; keep one');
  if (!all && (otlp.ignore_resource_attributes?.length ?? 0) > 0)
    complain(['otlp', 'ignore_resource_attributes'], 'has no meaning without promote_all_resource_attributes: true');
  const strategy = otlp.translation_strategy;
  if (strategy === undefined) return;
  if (!Object.hasOwn(STRATEGIES, strategy)) {
    const known = Object.keys(STRATEGIES).join(', ');
    complain(['otlp', 'translation_strategy'], `${JSON.stringify(strategy)} is none of ${known}`);
  } else if (!STRATEGIES[strategy].escapes && global?.metric_name_validation_scheme === 'legacy')
    complain(['otlp', 'translation_strategy'], 'leaves names that metric_name_validation_scheme: legacy refuses');
}

function checkRemote(raw: RawFile, complain: Complain): void {
  for (const section of ['remote_write', 'remote_read'] as const) {
    const names = new Set<string>();
    raw[section]?.forEach((remote, i) => {
      if (remote.name && names.has(remote.name))
        complain([section, i, 'name'], `${JSON.stringify(remote.name)} is there already; names must differ`);
      names.add(remote.name ?? '');
      for (const header of Object.keys(remote.headers ?? {}))
        if (PROTOCOL_HEADERS.has(header.toLowerCase())) complain([section, i, 'headers', header], HEADER_IS_OURS);
    });
  }
  raw.remote_write?.forEach((write, i) => {
    const message = write.protobuf_message;
    if (message !== undefined && !WRITE_MESSAGES.includes(message))
      complain(
        ['remote_write', i, 'protobuf_message'],
        `${JSON.stringify(message)} is none of ${WRITE_MESSAGES.join(', ')}`,
      );
    const logins = WRITE_LOGINS.filter((login) => write[login] !== undefined);
    if (logins.length > 1)
      complain(['remote_write', i, logins[1]], `only one of ${logins.join(' and ')} can log in; remove the others`);
  });
}

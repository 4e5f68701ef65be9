/** What `__meta_*` labels are made of. */

/** `host:port`, an IPv6 address in brackets. */
export function hostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A foreign name as part of a label name: what is not a letter, digit or underscore becomes an underscore. */
export function plainName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/g, '_');
}

/** Foreign names and values as labels that begin alike. */
export function prefixed(
  prefix: string,
  record: Readonly<Record<string, string>> | null | undefined,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([name, value]) => [prefix + plainName(name), value]));
}

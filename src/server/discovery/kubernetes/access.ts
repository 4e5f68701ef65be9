/** The way to an API server: written out, from a kubeconfig, or that of the cluster this program runs in. */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { HttpConfig, Secret } from '../../config/config.ts';
import type { KubernetesSdConfig } from '../../config/discoveryConfig.ts';
import { hostPort } from '../metaLabels.ts';

export interface Access {
  readonly url: string;
  readonly http: HttpConfig;
  /** Where this program, or the kubeconfig's user, is at home; '' if that is not known. */
  readonly namespace: string;
}

/** What a pod is given by its cluster. */
export interface InCluster {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** With `token`, `ca.crt` and `namespace`. */
  readonly folder: string;
}
export const IN_CLUSTER: InCluster = {
  env: process.env,
  folder: '/var/run/secrets/kubernetes.io/serviceaccount',
};

/** @throws Error that says what is missing. */
export async function accessOf(config: KubernetesSdConfig, inCluster: InCluster): Promise<Access> {
  if (config.apiServer !== undefined)
    return {
      url: config.apiServer,
      http: config.http,
      namespace: await readOptional(join(inCluster.folder, 'namespace')),
    };
  if (config.kubeconfigFile !== undefined) return await fromKubeconfig(config.kubeconfigFile, config.http);
  return await fromCluster(config.http, inCluster);
}

async function fromCluster(http: HttpConfig, { env, folder }: InCluster): Promise<Access> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port)
    throw new Error('this program does not run in a Kubernetes cluster; set api_server or kubeconfig_file');
  return {
    url: `https://${hostPort(host, port)}`,
    http: {
      ...http,
      authorization: { type: 'Bearer', credentials: { kind: 'file', path: join(folder, 'token') } },
      tls: { ...http.tls, ca: { kind: 'file', path: join(folder, 'ca.crt') } },
    },
    namespace: await readOptional(join(folder, 'namespace')),
  };
}

async function readOptional(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    // Outside a cluster there is no such file, and no namespace of one's own.
    return '';
  }
}

const text = z.string().nullish();
const named = <T extends z.ZodType>(key: string, shape: T) =>
  z.array(z.object({ name: z.string(), [key]: shape })).nullish();
const kubeconfigShape = z.object({
  'current-context': text,
  contexts: named('context', z.object({ cluster: z.string(), user: text, namespace: text })),
  clusters: named(
    'cluster',
    z.object({
      server: z.string(),
      'certificate-authority': text,
      'certificate-authority-data': text,
      'insecure-skip-tls-verify': z.boolean().nullish(),
      'tls-server-name': text,
      'proxy-url': text,
    }),
  ),
  users: named(
    'user',
    z.looseObject({
      'client-certificate': text,
      'client-certificate-data': text,
      'client-key': text,
      'client-key-data': text,
      token: text,
      tokenFile: text,
      username: text,
      password: text,
    }),
  ),
});

async function fromKubeconfig(file: string, http: HttpConfig): Promise<Access> {
  const fail = (why: string): never => {
    throw new Error(`${file}: ${why}`);
  };
  const checked = kubeconfigShape.safeParse(parse(await readFile(file, 'utf8')));
  if (!checked.success) {
    const [issue] = checked.error.issues;
    return fail(`is not a kubeconfig: ${issue.path.join('.')}: ${issue.message}`);
  }
  const tree = checked.data;
  const pick = <T>(list: readonly Record<string, unknown>[] | null | undefined, key: string, name: unknown): T =>
    ((list ?? []).find((entry) => entry.name === name)?.[key] as T | undefined) ??
    fail(`there is no ${key} ${JSON.stringify(name ?? '')}`);
  const context = pick<{ cluster: string; user?: string; namespace?: string }>(
    tree.contexts,
    'context',
    tree['current-context'],
  );
  const cluster = pick<Record<string, string | undefined>>(tree.clusters, 'cluster', context.cluster);
  const user = context.user ? pick<Record<string, string | undefined>>(tree.users, 'user', context.user) : {};
  for (const key of ['exec', 'auth-provider'])
    if (user[key]) fail(`user ${context.user} logs in by ${key}, which is not supported; use a token or a certificate`);
  const secret = (key: string) => secretOf(user[`${key}-data`], user[key], dirname(file));
  const token: Secret | undefined = user.token
    ? { kind: 'inline', value: user.token }
    : secretOf(undefined, user.tokenFile, dirname(file));
  return {
    url: (cluster.server ?? '').replace(/\/+$/, ''),
    http: {
      ...http,
      ...(token && { authorization: { type: 'Bearer', credentials: token } }),
      ...(user.username && {
        basicAuth: {
          username: { kind: 'inline', value: user.username },
          password: { kind: 'inline', value: user.password ?? '' },
        },
      }),
      tls: {
        ...http.tls,
        ca: secretOf(cluster['certificate-authority-data'], cluster['certificate-authority'], dirname(file)),
        cert: secret('client-certificate'),
        key: secret('client-key'),
        serverName: cluster['tls-server-name'],
        insecureSkipVerify: Boolean(cluster['insecure-skip-tls-verify']),
      },
      ...(cluster['proxy-url'] && { proxy: { url: cluster['proxy-url'], fromEnvironment: false } }),
    },
    namespace: context.namespace ?? 'default',
  };
}

/** Data stand before a file, in base64. */
function secretOf(data: string | null | undefined, path: string | null | undefined, dir: string): Secret | undefined {
  if (data) return { kind: 'inline', value: Buffer.from(data, 'base64').toString('utf8') };
  return path ? { kind: 'file', path: isAbsolute(path) ? path : join(dir, path) } : undefined;
}

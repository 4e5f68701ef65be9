import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressesOf, follow, type FoundTarget } from '../../../../tests/support/discovered.ts';
import { KubeApi } from '../../../../tests/support/kubeApi.ts';
import { parseConfig } from '../../config/load.ts';
import type { Discoverer } from '../targetGroup.ts';
import { createKubernetesDiscoverer } from './kubernetesDiscovery.ts';
import type { Endpoints, EndpointSlice, Ingress, Node, Pod, Service } from './objects.ts';

const PODS = '/api/v1/pods';
const SERVICES = '/api/v1/services';
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';

function podOf(name: string, ip: string): Pod {
  return {
    metadata: {
      name,
      namespace: 'ml',
      uid: `u-${name}`,
      labels: { 'app.io/name': 'predict' },
      annotations: { scrape: 'yes' },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'predict-5d', controller: true }],
    },
    spec: {
      nodeName: 'n1',
      containers: [
        {
          name: 'server',
          image: 'predict:2',
          ports: [
            { name: 'http', containerPort: 8000, protocol: 'TCP' },
            { name: 'admin', containerPort: 9000, protocol: 'TCP' },
          ],
        },
      ],
      initContainers: [{ name: 'load', image: 'load:1' }],
    },
    status: {
      podIP: ip,
      hostIP: '10.1.0.1',
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'server', containerID: 'containerd://aa' }],
    },
  };
}
const POD = podOf('predict-1', '10.0.0.1');
const POD_LABELS = {
  __meta_kubernetes_pod_annotation_scrape: 'yes',
  __meta_kubernetes_pod_annotationpresent_scrape: 'true',
  __meta_kubernetes_pod_controller_kind: 'ReplicaSet',
  __meta_kubernetes_pod_controller_name: 'predict-5d',
  __meta_kubernetes_pod_host_ip: '10.1.0.1',
  __meta_kubernetes_pod_ip: '10.0.0.1',
  __meta_kubernetes_pod_label_app_io_name: 'predict',
  __meta_kubernetes_pod_labelpresent_app_io_name: 'true',
  __meta_kubernetes_pod_name: 'predict-1',
  __meta_kubernetes_pod_node_name: 'n1',
  __meta_kubernetes_pod_phase: 'Running',
  __meta_kubernetes_pod_ready: 'true',
  __meta_kubernetes_pod_uid: 'u-predict-1',
};
const portLabels = (name: string, number: string) => ({
  __meta_kubernetes_pod_container_image: 'predict:2',
  __meta_kubernetes_pod_container_init: 'false',
  __meta_kubernetes_pod_container_name: 'server',
  __meta_kubernetes_pod_container_port_name: name,
  __meta_kubernetes_pod_container_port_number: number,
  __meta_kubernetes_pod_container_port_protocol: 'TCP',
});
const SERVICE: Service = {
  metadata: { name: 'predict', namespace: 'ml', labels: { tier: 'a' } },
  spec: { type: 'ClusterIP', clusterIP: '10.2.0.1', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
};
const SERVICE_LABELS = {
  __meta_kubernetes_namespace: 'ml',
  __meta_kubernetes_service_label_tier: 'a',
  __meta_kubernetes_service_labelpresent_tier: 'true',
  __meta_kubernetes_service_name: 'predict',
};
const NODE: Node = {
  metadata: { name: 'n1', labels: { zone: 'eu' } },
  spec: { providerID: 'kind://n1' },
  status: {
    addresses: [
      { type: 'Hostname', address: 'n1.local' },
      { type: 'InternalIP', address: '10.1.0.1' },
    ],
    conditions: [{ type: 'DiskPressure', status: 'False' }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  },
};

let api: KubeApi;
let url: string;
let dir: string;
let discoverer: Discoverer;
let faults: string[];

beforeEach(async () => {
  api = new KubeApi();
  url = await api.listen();
  dir = mkdtempSync(join(tmpdir(), 'isotherm-kube-'));
  faults = [];
});
afterEach(() => {
  discoverer.stop();
  api.close();
  rmSync(dir, { recursive: true });
});

function discover(lines: string, place = `api_server: "${url}"`, env: Record<string, string> = {}) {
  const text = `scrape_configs: [{job_name: a, kubernetes_sd_configs: [{${[place, lines].filter(Boolean).join(', ')}}]}]`;
  const [job] = parseConfig(text, { dir, path: 'test.yml' }).scrapeConfigs;
  const [config] = job.discovery;
  if (config.kind !== 'kubernetes') throw new Error('another kind');
  const onFault = (source: string, why: string) => void faults.push(`${source}: ${why}`);
  discoverer = createKubernetesDiscoverer(config, { onFault }, { env, folder: dir });
  return follow(discoverer);
}
const count = (n: number) => (targets: FoundTarget[]) => targets.length === n;

describe('labels of role', () => {
  test('pod: each port of each container, and containers without one', async () => {
    api.put(PODS, POD);
    const targets = await discover('role: pod')(count(3));
    const common = { ...POD_LABELS, __meta_kubernetes_namespace: 'ml' };
    expect(targets).toEqual([
      {
        ...common,
        __address__: '10.0.0.1',
        __meta_kubernetes_pod_container_image: 'load:1',
        __meta_kubernetes_pod_container_init: 'true',
        __meta_kubernetes_pod_container_name: 'load',
      },
      {
        ...common,
        ...portLabels('http', '8000'),
        __address__: '10.0.0.1:8000',
        __meta_kubernetes_pod_container_id: 'containerd://aa',
      },
      {
        ...common,
        ...portLabels('admin', '9000'),
        __address__: '10.0.0.1:9000',
        __meta_kubernetes_pod_container_id: 'containerd://aa',
      },
    ]);
  });

  test('node: the kubelet at the best address', async () => {
    api.put('/api/v1/nodes', NODE);
    expect(await discover('role: node')(count(1))).toEqual([
      {
        __address__: '10.1.0.1:10250',
        __meta_kubernetes_node_address_Hostname: 'n1.local',
        __meta_kubernetes_node_address_InternalIP: '10.1.0.1',
        __meta_kubernetes_node_condition_diskpressure: 'false',
        __meta_kubernetes_node_label_zone: 'eu',
        __meta_kubernetes_node_labelpresent_zone: 'true',
        __meta_kubernetes_node_name: 'n1',
        __meta_kubernetes_node_provider_id: 'kind://n1',
        instance: 'n1',
      },
    ]);
  });

  test('service: its name and port, by type', async () => {
    api.put(SERVICES, SERVICE);
    api.put(SERVICES, {
      metadata: { name: 'out', namespace: 'ml' },
      spec: { type: 'ExternalName', externalName: 'x.example', ports: [{ port: 443 }] },
    } satisfies Service);
    const [external, internal] = await discover('role: service')(count(2));
    expect(internal).toEqual({
      ...SERVICE_LABELS,
      __address__: 'predict.ml.svc:80',
      __meta_kubernetes_service_cluster_ip: '10.2.0.1',
      __meta_kubernetes_service_port_name: 'http',
      __meta_kubernetes_service_port_number: '80',
      __meta_kubernetes_service_port_protocol: 'TCP',
      __meta_kubernetes_service_type: 'ClusterIP',
    });
    expect(external).toMatchObject({
      __address__: 'out.ml.svc:443',
      __meta_kubernetes_service_external_name: 'x.example',
      __meta_kubernetes_service_type: 'ExternalName',
    });
  });

  test('endpointslice: endpoints with their pods and service, and the pods’ other ports', async () => {
    api.put(PODS, POD);
    api.put(SERVICES, SERVICE);
    api.put(SLICES, {
      metadata: { name: 'predict-x', namespace: 'ml', labels: { 'kubernetes.io/service-name': 'predict' } },
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: ['10.0.0.1'],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: 'n1',
          zone: 'eu',
          targetRef: { kind: 'Pod', namespace: 'ml', name: 'predict-1' },
        },
      ],
      ports: [{ name: 'http', port: 8000, protocol: 'TCP' }],
    } satisfies EndpointSlice);
    const [served, other] = await discover('role: endpointslice')(count(2));
    const common = {
      ...POD_LABELS,
      ...SERVICE_LABELS,
      __meta_kubernetes_endpointslice_address_type: 'IPv4',
      __meta_kubernetes_endpointslice_label_kubernetes_io_service_name: 'predict',
      __meta_kubernetes_endpointslice_labelpresent_kubernetes_io_service_name: 'true',
      __meta_kubernetes_endpointslice_name: 'predict-x',
    };
    expect(served).toEqual({
      ...common,
      ...portLabels('http', '8000'),
      __address__: '10.0.0.1:8000',
      __meta_kubernetes_endpointslice_address_target_kind: 'Pod',
      __meta_kubernetes_endpointslice_address_target_name: 'predict-1',
      __meta_kubernetes_endpointslice_endpoint_conditions_ready: 'true',
      __meta_kubernetes_endpointslice_endpoint_conditions_serving: 'true',
      __meta_kubernetes_endpointslice_endpoint_conditions_terminating: 'false',
      __meta_kubernetes_endpointslice_endpoint_node_name: 'n1',
      __meta_kubernetes_endpointslice_endpoint_zone: 'eu',
      __meta_kubernetes_endpointslice_port: '8000',
      __meta_kubernetes_endpointslice_port_name: 'http',
      __meta_kubernetes_endpointslice_port_protocol: 'TCP',
    });
    expect(other).toEqual({ ...common, ...portLabels('admin', '9000'), __address__: '10.0.0.1:9000' });
  });

  test('endpoints: ready and not ready, with what is attached', async () => {
    api.put('/api/v1/nodes', NODE);
    api.put('/api/v1/namespaces', { metadata: { name: 'ml', labels: { team: 'x' } } });
    api.put('/apis/apps/v1/replicasets', {
      metadata: {
        name: 'predict-5d',
        namespace: 'ml',
        ownerReferences: [{ kind: 'Deployment', name: 'predict', controller: true }],
      },
    });
    api.put(PODS, POD);
    api.put('/api/v1/endpoints', {
      metadata: { name: 'predict', namespace: 'ml' },
      subsets: [
        {
          addresses: [
            { ip: '10.0.0.1', nodeName: 'n1', targetRef: { kind: 'Pod', namespace: 'ml', name: 'predict-1' } },
          ],
          notReadyAddresses: [{ ip: '10.0.0.9', hostname: 'h' }],
          ports: [{ name: 'http', port: 8000, protocol: 'TCP' }],
        },
      ],
    } satisfies Endpoints);
    const targets = await discover('role: endpoints, attach_metadata: {node: true, namespace: true, deployment: true}')(
      count(3),
    );
    expect(targets[0]).toMatchObject({
      __address__: '10.0.0.1:8000',
      __meta_kubernetes_endpoint_node_name: 'n1',
      __meta_kubernetes_endpoint_port_name: 'http',
      __meta_kubernetes_endpoint_port_protocol: 'TCP',
      __meta_kubernetes_endpoint_ready: 'true',
      __meta_kubernetes_endpoint_address_target_kind: 'Pod',
      __meta_kubernetes_endpoint_address_target_name: 'predict-1',
      __meta_kubernetes_endpoints_name: 'predict',
      __meta_kubernetes_namespace_label_team: 'x',
      __meta_kubernetes_node_label_zone: 'eu',
      __meta_kubernetes_pod_deployment_name: 'predict',
      ...POD_LABELS,
      ...portLabels('http', '8000'),
    });
    expect(targets[2]).toMatchObject({
      __address__: '10.0.0.9:8000',
      __meta_kubernetes_endpoint_hostname: 'h',
      __meta_kubernetes_endpoint_ready: 'false',
    });
  });

  test('ingress: each path of each host, https where a certificate covers it', async () => {
    api.put('/apis/networking.k8s.io/v1/ingresses', {
      metadata: { name: 'web', namespace: 'ml' },
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: ['*.example'] }],
        rules: [{ host: 'a.example', http: { paths: [{ path: '/p' }, {}] } }, { host: 'a.b.example' }],
      },
    } satisfies Ingress);
    const targets = await discover('role: ingress')(count(3));
    const told = targets.map((t) =>
      ['host', 'path', 'scheme'].map((key) => t[`__meta_kubernetes_ingress_${key}`]).join(),
    );
    expect(told.sort()).toEqual(['a.b.example,/,http', 'a.example,/,https', 'a.example,/p,https']);
    expect(targets[0]).toMatchObject({
      __meta_kubernetes_ingress_class_name: 'nginx',
      __meta_kubernetes_ingress_name: 'web',
      __meta_kubernetes_namespace: 'ml',
    });
  });
});

describe('the watch', () => {
  const service = (name: string): Service => ({ metadata: { name, namespace: 'ml' }, spec: { ports: [{ port: 1 }] } });
  const lists = () =>
    api.asked.filter(({ url: asked }) => !asked.searchParams.has('watch') && !asked.searchParams.has('continue'));
  const watched = async (n: number) => {
    while (api.watchCount < n) await new Promise((done) => setTimeout(done, 10));
  };

  test('follows what comes, changes and goes, and is taken up where it ended without another list', async () => {
    for (const name of ['a', 'b', 'c']) api.put(SERVICES, service(name));
    const until = discover('role: service');
    await until((targets) => addressesOf(targets) === 'a.ml.svc:1,b.ml.svc:1,c.ml.svc:1');
    await watched(1);
    api.put(SERVICES, service('d'));
    api.delete(SERVICES, service('a'));
    await until((targets) => addressesOf(targets) === 'b.ml.svc:1,c.ml.svc:1,d.ml.svc:1');
    api.endWatches();
    api.put(SERVICES, service('e'));
    await until((targets) => addressesOf(targets) === 'b.ml.svc:1,c.ml.svc:1,d.ml.svc:1,e.ml.svc:1');
    expect(lists()).toHaveLength(1);
    expect(faults).toEqual([]);
  });

  test('that is too old begins with a new list', async () => {
    api.put(SERVICES, service('a'));
    const until = discover('role: service');
    await until(count(1));
    await watched(1);
    api.endWatches();
    api.delete(SERVICES, service('a'));
    api.put(SERVICES, service('b'));
    api.compact();
    await until((targets) => addressesOf(targets) === 'b.ml.svc:1');
    expect(lists()).toHaveLength(2);
  });

  test('is of the namespaces and selectors asked for', async () => {
    api.put(SERVICES, service('a'));
    api.put(SERVICES, { ...service('b'), metadata: { name: 'b', namespace: 'other' } });
    writeFileSync(join(dir, 'namespace'), 'mine\n');
    await discover(
      'role: service, namespaces: {own_namespace: true, names: [ml]}, selectors: [{role: service, label: "a=b", field: "spec.type=X"}]',
    )((targets) => addressesOf(targets) === 'a.ml.svc:1');
    expect(new Set(api.asked.map(({ url: asked }) => asked.pathname))).toEqual(
      new Set(['/api/v1/namespaces/ml/services', '/api/v1/namespaces/mine/services']),
    );
    expect(api.asked.every(({ url: asked }) => asked.searchParams.get('labelSelector') === 'a=b')).toBe(true);
    expect(api.asked.every(({ url: asked }) => asked.searchParams.get('fieldSelector') === 'spec.type=X')).toBe(true);
  });
});

describe('access', () => {
  const kubeconfig = (user: string) => {
    writeFileSync(
      join(dir, 'config'),
      `current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {server: "${url}"}}]\nusers: [{name: u, user: ${user}}]\n`,
    );
    return 'kubeconfig_file: config';
  };

  test('by a kubeconfig with a token', async () => {
    api.put(SERVICES, SERVICE);
    await discover('role: service', kubeconfig('{token: t0k}'))(count(1));
    expect(api.asked.every(({ authorization }) => authorization === 'Bearer t0k')).toBe(true);
  });

  test.each([
    [
      'by a login that runs a program',
      () => kubeconfig('{exec: {command: aws}}'),
      {},
      /user u logs in by exec, which is not supported/,
    ],
    ['by a kubeconfig that is not there', () => 'kubeconfig_file: nothing', {}, /ENOENT.*nothing/],
    ['outside a cluster', () => '', {}, /does not run in a Kubernetes cluster; set api_server or kubeconfig_file/],
    [
      'inside a cluster without a token',
      () => '',
      { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '1' },
      /cannot read the secret file .*(?:token|ca\.crt)/,
    ],
  ])('%s says why', async (_, place, env, why) => {
    discover('role: pod', place(), env as Record<string, string>);
    while (faults.length === 0) await new Promise((done) => setTimeout(done, 10));
    expect(faults[0]).toMatch(why);
  });
});

/**
 * Who may import whom (docs/architecture.md, section 3). Every rule refuses what the drawing does not show; type-only imports count.
 */
const server = (rooms) => `^src/server/(${rooms})/`;

/** A server room and the server rooms it may import; `shared` is open to all, and each room may import itself. */
const serverRooms = {
  telemetry: '',
  storage: '',
  wasm: '',
  gzip: 'wasm',
  config: 'telemetry|storage',
  relabel: 'telemetry|storage|config',
  textparse: 'telemetry|storage|config|wasm',
  outbound: 'telemetry|storage|config',
  discovery: 'telemetry|storage|config|outbound',
  tsdb: 'telemetry|storage|wasm|config',
  promql: 'telemetry|storage|wasm|config',
  frames: 'telemetry|storage|config',
  distribution: 'telemetry|storage|wasm',
  workers: 'telemetry|storage|config|tsdb|promql|frames',
  scrape: 'telemetry|storage|config|outbound|relabel|textparse|discovery|tsdb|promql|frames|workers',
  push: 'telemetry|storage|config|textparse',
  fleet: 'telemetry|storage|config|outbound',
  rules: 'telemetry|storage|config',
  remote: 'telemetry|storage|config|outbound|relabel|wasm',
  notifier: 'telemetry|storage|config|outbound|relabel|discovery|rules',
  http: 'telemetry|storage|config|outbound|relabel|textparse|discovery|tsdb|promql|frames|distribution|workers|scrape|push|rules|notifier|remote|gzip',
  grafana: 'telemetry|storage|config|outbound|relabel|textparse|discovery|tsdb|promql|frames|workers|scrape',
  cli: 'telemetry|storage|config|outbound|relabel|textparse|discovery|tsdb|promql|frames|workers|scrape|rules|fleet|remote',
};

/** A browser room and the other rooms under src that it may import. */
const browserRooms = {
  viz: 'shared',
  ui: 'shared|viz',
  panel: 'shared|viz|ui',
  webui: 'shared|viz|ui',
  datasource: 'shared|ui',
  app: 'shared|ui',
};

/** The shared room without its tests, which may use Node. */
const sharedItself = { path: '^src/shared/', pathNot: '\\.test\\.ts$' };

/** A package that only some rooms may import. */
const onlyIn = (rooms, package) => ({
  name: `${package}-only-in-${rooms}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/(${rooms})/` },
  to: { path: `node_modules/${package}/` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { pathNot: '\\.test\\.tsx?$|^tests/' },
      to: { path: '\\.test\\.tsx?$|^tests/' },
    },
    {
      name: 'shared-stands-alone',
      severity: 'error',
      from: sharedItself,
      to: { path: '^src/(?!shared/)' },
    },
    {
      name: 'shared-knows-no-node',
      severity: 'error',
      from: sharedItself,
      to: { dependencyTypes: ['core'] },
    },
    ...Object.entries(browserRooms).map(([room, allowed]) => ({
      name: `${room}-imports-only-below`,
      severity: 'error',
      from: { path: `^src/${room}/`, pathNot: '\\.test\\.tsx?$' },
      to: { path: '^src/', pathNot: `^src/(${room}|${allowed})/` },
    })),
    ...Object.entries(serverRooms).map(([room, allowed]) => ({
      name: `server-${room}-imports-only-below`,
      severity: 'error',
      from: { path: server(room), pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: `^src/shared/|${server(allowed ? `${room}|${allowed}` : room)}` },
    })),
    onlyIn('app|datasource|panel|ui/grafana', '@grafana'),
    onlyIn('server/http', 'fastify'),
    onlyIn('server/grafana', '@grpc'),
    onlyIn('server/frames', 'apache-arrow'),
    {
      name: 'viz-knows-no-react',
      severity: 'error',
      from: { path: '^src/(viz|shared)/' },
      to: { path: 'node_modules/react' },
    },
    {
      name: 'files-only-where-files-live',
      comment: 'main.ts composes, http serves the built pages, telemetry reads /proc, grafana makes its socket folder.',
      severity: 'error',
      from: {
        path: '^src/server/',
        pathNot:
          '^src/server/(tsdb|config|discovery|push|cli|workers|telemetry|http|grafana|rules)/|^src/server/main|\\.test\\.ts$',
      },
      to: { path: '^(node:)?fs' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};

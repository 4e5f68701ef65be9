/**
 * Three projects: `node` (server, shared, viz, whole-process tests), `browser` (React parts, in jsdom) and `slow` (what needs peers,
 * Chromium or minutes; each such test says why it is skipped where its peer is missing).
 */
const esmOnly = [
  '@grafana',
  '@prometheus-io',
  '@lezer',
  '@codemirror',
  'd3',
  'd3-.*',
  'internmap',
  'delaunator',
  'robust-predicates',
  'rxjs',
  'ol',
  'geotiff',
  'quick-lru',
  'rbush',
  'quickselect',
  'pbf',
  'marked',
  'uuid',
  'react-calendar',
  'get-user-locale',
  'memoize',
  'mimic-function',
  'react-colorful',
  '@wojtekmaj',
  'apache-arrow',
  'flatbuffers',
  're2js',
  'undici',
  'ml-.*',
  'is-any-array',
  'cookie',
];
const common = {
  rootDir: import.meta.dirname,
  extensionsToTreatAsEsm: [],
  transform: {
    '\\.m?[tj]sx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'classic' } },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  setupFiles: ['<rootDir>/tests/support/propertySeed.ts'],
  moduleNameMapper: { '\\.(css|svg|png)$': '<rootDir>/tests/support/emptyModule.ts' },
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
};
const slowRooms = ['e2e', 'compat', 'crash', 'grafana'];

export default {
  reporters: ['default', '<rootDir>/tests/support/summaryReporter.cjs'],
  testTimeout: 60_000,
  maxWorkers: 2,
  // A worker with a heap of a gigabyte takes more than the half second that Jest gives it to end; one that takes this long has left something open.
  workerGracefulExitTimeout: 10_000,
  projects: [
    {
      ...common,
      displayName: 'node',
      testEnvironment: 'node',
      testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/tests/**/*.test.ts'],
      testPathIgnorePatterns: [...common.testPathIgnorePatterns, ...slowRooms.map((room) => `/tests/${room}/`)],
    },
    {
      ...common,
      displayName: 'browser',
      testEnvironment: 'jsdom',
      setupFiles: [...common.setupFiles, '<rootDir>/tests/support/jsdomSetup.ts'],
      testMatch: ['<rootDir>/src/**/*.test.tsx', '<rootDir>/tests/**/*.test.tsx'],
    },
    {
      ...common,
      displayName: 'slow',
      testEnvironment: 'node',
      testMatch: slowRooms.map((room) => `<rootDir>/tests/${room}/**/*.test.ts`),
    },
  ],
};

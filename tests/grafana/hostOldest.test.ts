/** The built bundle with the packages of the oldest supported Grafana. */
import { hasChromium } from './chromium.ts';
import { installed, OLDEST } from './grafanaPackages.ts';
import { testHost } from './hostSuite.ts';

testHost(
  'the built bundle in a host of Grafana 10.1, React 18',
  hasChromium ? installed(OLDEST) : { why: 'no Chromium' },
);

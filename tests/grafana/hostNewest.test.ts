/** The built bundle with the packages of the newest supported Grafana. */
import { hasChromium } from './chromium.ts';
import { installed, NEWEST } from './grafanaPackages.ts';
import { testHost } from './hostSuite.ts';

testHost(
  'the built bundle in a host of Grafana 13.2, React 19',
  hasChromium ? installed(NEWEST) : { why: 'no Chromium' },
);

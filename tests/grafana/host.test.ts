/** The built bundle with this repository's packages of Grafana, or with those of a folder that is named (docs/grafana.md, Versions). */
import { hasChromium } from './chromium.ts';
import { testHost } from './hostSuite.ts';

const folder = process.env.ISOTHERM_GRAFANA_PACKAGES;
testHost('the built bundle in a host', hasChromium ? { folder } : { why: 'no Chromium' });

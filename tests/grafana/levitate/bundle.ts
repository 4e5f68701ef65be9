/** All front ends of the bundle. */
import '../../../src/app/module.ts';
import '../../../src/datasource/module.ts';
import '../../../src/panel/module.ts';

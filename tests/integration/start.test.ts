import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, '../../scripts/start.ts');
const DEMO_PORT = 8000;
const ENDS_WITHIN_MS = 60_000;

test(
  'npm start says which address is taken, and calls nothing ready',
  async () => {
    const other = createServer();
    // Where someone has the port already, it is taken all the same.
    await new Promise<void>((resolve) => other.once('error', () => resolve()).listen(DEMO_PORT, '127.0.0.1', resolve));
    try {
      const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], {
        encoding: 'utf8',
        timeout: ENDS_WITHIN_MS,
      });
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(/^127\.0\.0\.1:(8000|9090) is taken .*[Ss]top that program/);
    } finally {
      other.close();
    }
  },
  2 * ENDS_WITHIN_MS,
);

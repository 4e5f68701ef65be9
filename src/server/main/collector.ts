/**
 * The server as a child of the Grafana backend: the same program, whose life hangs on the channel to its parent. When the parent ends, however it ends,
 * the channel closes, and the store is closed in good order.
 */
import { parseFlags } from '../cli/parseFlags.ts';
import type { CollectorNews } from '../grafana/collect/channel.ts';
import { serve } from './serve.ts';

async function collect(args: readonly string[]): Promise<void> {
  if (!process.connected) {
    process.stderr.write(
      'The Grafana backend starts this file by itself; to run the server, use the isotherm command.\n',
    );
    process.exitCode = 1;
    return;
  }
  const tell = (news: CollectorNews) => {
    // A parent that is gone is no reader any more; the end of the channel is told by `disconnect`.
    if (process.connected) process.send?.(news, undefined, undefined, () => undefined);
  };
  // A parent that was asked to stop hands the signal on to its process group; the channel decides.
  process.on('disconnect', () => process.emit('SIGTERM', 'SIGTERM'));
  try {
    process.exitCode = await serve(parseFlags(args), {
      ready: (reload) => {
        process.on('message', () => {
          reload().then(
            () => tell({ kind: 'reloaded', error: '' }),
            (error: unknown) => tell({ kind: 'reloaded', error: messageOf(error) }),
          );
        });
        tell({ kind: 'ready' });
      },
    });
  } catch (error) {
    tell({ kind: 'failed', error: messageOf(error) });
    process.exitCode = 1;
  }
  if (process.connected) process.disconnect();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

void collect(process.argv.slice(2));

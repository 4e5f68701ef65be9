/**
 * Log lines as go-plugin's host reads them from stderr: one JSON object a line. `@level`, `@message` and `@timestamp` are always strings: any other
 * type there makes the host process panic.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean>>;
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

/** The host reads lines up to 64 KiB as JSON. */
const TEXT_LENGTH_MAX = 8_000;

export function createLog(write: (line: string) => void, now: () => Date): Log {
  return (level, message, fields = {}) => {
    const line: Record<string, unknown> = {
      '@level': level,
      '@message': clipped(String(message)),
      // Six decimals, as the host's time format demands; the clock has three.
      '@timestamp': now().toISOString().replace('Z', '000Z'),
    };
    for (const [name, value] of Object.entries(fields)) {
      if (!name.startsWith('@')) line[name] = typeof value === 'string' ? clipped(value) : value;
    }
    write(JSON.stringify(line) + '\n');
  };
}

function clipped(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : `${text.slice(0, TEXT_LENGTH_MAX)}…`;
}

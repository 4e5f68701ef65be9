/** The text of a file that a user wrote. */
import { readFileSync } from 'node:fs';
import { ConfigError } from './configError.ts';

/** Larger files are not configurations. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * @param missing what to do about a file that is not there.
 * @throws ConfigError
 */
export function fileText(path: string, missing = 'no such file'): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > FILE_BYTES_MAX) throw new Error(`larger than ${FILE_BYTES_MAX} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? missing : `cannot be read: ${message}`;
    throw new ConfigError(path, [{ line: 0, column: 0, key: '', why }], { cause: error });
  }
}

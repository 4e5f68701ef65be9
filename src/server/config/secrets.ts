/** Secrets at the moment of use. */
import { readFile } from 'node:fs/promises';
import type { Secret } from './config.ts';

/**
 * The secret's text. A file's surrounding white space is no part of it.
 *
 * @throws Error that names the file, never its content.
 */
export async function readSecret(secret: Secret): Promise<string> {
  if (secret.kind === 'inline') return secret.value;
  try {
    return (await readFile(secret.path, 'utf8')).trim();
  } catch (error) {
    throw new Error(
      `cannot read the secret file ${secret.path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown fault'}`,
      {
        cause: error,
      },
    );
  }
}

import fs from 'node:fs';

/** Makes renames and new names in a folder outlast a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.promises.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

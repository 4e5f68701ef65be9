/** Where the kernel shows its figures; other roots than /proc and /sys are for tests. */
export interface MachineRoots {
  readonly proc: string;
  readonly sys: string;
}

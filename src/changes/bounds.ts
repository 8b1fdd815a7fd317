// Bounds on what is read of the changes of one agent: it may have written anything, and the server holds it in its memory.

export interface ChangesBounds {
  /** Larger files are not read. */
  readonly fileBytes: number;
  /** Of all files that git has to read anew. What comes after it is left out, as a larger file is. */
  readonly filesBytes: number;
  /** Of the patch of one call, and so of one file. */
  readonly patchBytes: number;
  /** Of all patches together. */
  readonly patchesBytes: number;
  /** Changed lines of one file: lines take time each, also short ones. */
  readonly patchLines: number;
}

const mib = 1_024 ** 2;

export const usualBounds: ChangesBounds = {
  fileBytes: 10 * mib,
  filesBytes: 100 * mib,
  patchBytes: 4 * mib,
  patchesBytes: 32 * mib,
  patchLines: 100_000,
};

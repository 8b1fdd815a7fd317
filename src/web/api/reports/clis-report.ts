// The agent CLIs that the server can launch, with what was measured of each.
import type { ModeAbilities } from "../../../domain/abilities.ts";
import { CliaiError } from "../../../domain/text/errors.ts";

/** One agent CLI, as `cliai clis --json` prints it. */
export interface ListedCli {
  readonly name: string;
  /** The path of its program; null if it is not on PATH. */
  readonly path: string | null;
  /** Null if its program did not print it. */
  readonly version: string | null;
  /** The release for which the abilities were measured; null if only a profile describes the CLI. */
  readonly tried_version: string | null;
  /** Null without a version. */
  readonly is_tried: boolean | null;
  /** Why it cannot be launched, though it is on PATH. */
  readonly problem?: string;
  /** A command that installs it. */
  readonly install: string;
  readonly abilities: ModeAbilities;
}

/** Looks on the server's PATH. */
export interface CliFinder {
  /** Asks each program for its version. A call meanwhile gets the same answer. */
  find(): Promise<readonly ListedCli[]>;
}

/** @throws CliaiError `refused` if this server launches no CLIs */
export function requireCliFinder(finder: CliFinder | undefined): CliFinder {
  if (finder !== undefined) return finder;
  throw new CliaiError("refused", "this server does not look for agent CLIs", {
    hint: "look in a terminal: cliai clis",
  });
}

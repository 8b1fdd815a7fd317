// By what a client and serve know that both would print the same words and times, and which of them runs a command.
import { lstatSync, readlinkSync } from "node:fs";
import process from "node:process";
import type { BuildInfo } from "../../build-info.ts";
import type { Environment } from "../../runtime.ts";

/** Serve takes a command within this time, or not at all. */
export const takenWithinMs = 1_500;
/** A client that has heard nothing for this time runs the command itself. */
export const givenUpAfterMs = 2_000;

export function buildText({ version, commit }: Pick<BuildInfo, "version" | "commit">): string {
  return `${version} (${commit})`;
}

/**
 * What decides the local time of a process that starts now, on this machine. Where the system keeps its zone in a file, the file is compared, not the
 * time: asking a `Date` for its offset loads the time zones, which takes 10 ms (Bun 1.4.5).
 */
export function zoneOfProcess({ TZ }: Environment): string {
  if (TZ !== undefined) return `TZ ${TZ}`;
  if (process.platform === "win32") return `offset ${new Date().getTimezoneOffset()}`;
  try {
    const stats = lstatSync(zoneFile);
    return stats.isSymbolicLink() ? `link ${readlinkSync(zoneFile)}` : `file ${stats.mtimeMs} ${stats.size}`;
  } catch {
    return "none"; // then it is UTC
  }
}

const zoneFile = "/etc/localtime";

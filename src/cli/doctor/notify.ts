// Checks the user's notifications: whether `notify.json` can be used, and whether the desktop's program is there. It sends nothing: `cliai notify
// test` does.
import process from "node:process";
import { type Check, finding, well } from "../../domain/system/check.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { findOnPath } from "../../nats/child/server-version.ts";
import { readOwnFile } from "../../notify/own-file.ts";
import { notifyPath, parseNotifyFile } from "../../notify/targets/notify-file.ts";
import { desktopProgramOf } from "../../notify/targets/tell-desktop.ts";

/** Nothing without such a file. */
export async function checkNotify(dataDir: string, searchPath: string): Promise<Check[]> {
  const path = notifyPath(dataDir);
  try {
    const source = await readOwnFile({ path, isSecret: true });
    if (source === undefined) return [];
    const { entries, problems } = parseNotifyFile(source, path);
    const bad = [...problems.values()].map(({ message, hint }) =>
      finding("notify", message, hint ?? "correct it there"),
    );
    if (entries.some(({ way }) => way === "desktop")) bad.push(...(await checkDesktop(searchPath)));
    return bad.length > 0
      ? bad
      : [well("notify", `${entries.length} targets in ${path}; try them: cliai notify test`)];
  } catch (error) {
    if (error instanceof CliaiError)
      return [finding("notify", error.message, error.hint ?? "correct it there")];
    throw error;
  }
}

async function checkDesktop(searchPath: string): Promise<Check[]> {
  const { program, install } = desktopProgramOf(process.platform);
  if ((await findOnPath(program, searchPath)) !== undefined) return [];
  return [finding("notify", `the desktop needs ${program}, which is not on PATH`, install)];
}

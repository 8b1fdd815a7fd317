// Tells whether the running serve is an older build than this program. An upgrade takes effect only when serve is started again.
import { type BuildInfo, buildInfo } from "../../build-info.ts";
import type { ServeFile } from "../../data-dir/serve-file.ts";

/** The command that restarts the server. The agents run on meanwhile. */
export const restartCommand = "cliai down && cliai serve --detach";

type Running = Pick<ServeFile, "version" | "commit" | "pid">;
type Build = Pick<BuildInfo, "version" | "commit">;

/** Names the running serve if it is an older build, such as `0.1.0 runs (pid 42)`. Undefined if it is this build or a newer one. */
export function olderServe(running: Running, own: Build = buildInfo): string | undefined {
  const order = compareVersions(own.version, running.version);
  if (order < 0 || (order === 0 && !isOtherBuild(running, own))) return undefined;
  const which = order > 0 ? running.version : `${running.version} (${running.commit})`;
  return `${which} runs (pid ${running.pid})`;
}

/** The same, followed by the command that restarts it. */
export function restartLine(running: Running, own: Build = buildInfo): string | undefined {
  const older = olderServe(running, own);
  return older && `${older}; restart it: ${restartCommand}`;
}

/** Whether both have a commit, and the commits differ. A program that runs from source has none. */
function isOtherBuild({ commit }: Running, own: Build): boolean {
  return commit !== undefined && commit !== own.commit && commit !== "source" && own.commit !== "source";
}

/** Compares two versions such as 0.10.2, number by number. Above 0 if `a` is newer. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string) => (version.match(/\d+/g) ?? []).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const order = (left[at] ?? 0) - (right[at] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

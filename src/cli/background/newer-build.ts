// Whether the serve that runs is of an older build than this program: what was upgraded counts once serve is started again.
import { type BuildInfo, buildInfo } from "../../build-info.ts";
import type { ServeFile } from "../../data-dir/serve-file.ts";

/** How a person starts the server anew; the agents run on meanwhile. */
export const restartCommand = "cliai down && cliai serve --detach";

type Running = Pick<ServeFile, "version" | "commit" | "pid">;
type Build = Pick<BuildInfo, "version" | "commit">;

/** What runs, such as `0.1.0 runs (pid 42)`; undefined where the serve is of this build, or of a newer one. */
export function olderServe(running: Running, own: Build = buildInfo): string | undefined {
  const order = compareVersions(own.version, running.version);
  if (order < 0 || (order === 0 && !isOtherBuild(running, own))) return undefined;
  const which = order > 0 ? running.version : `${running.version} (${running.commit})`;
  return `${which} runs (pid ${running.pid})`;
}

/** The same with its remedy, in one line. */
export function restartLine(running: Running, own: Build = buildInfo): string | undefined {
  const older = olderServe(running, own);
  return older && `${older}; restart it: ${restartCommand}`;
}

/** The same version of another commit. A run from source has no commit that it could be known by. */
function isOtherBuild({ commit }: Running, own: Build): boolean {
  return commit !== undefined && commit !== own.commit && commit !== "source" && own.commit !== "source";
}

/** Above 0 where `a` is the newer one, by the numbers of the two, such as 0.10.2. */
export function compareVersions(a: string, b: string): number {
  const numbers = (version: string) => (version.match(/\d+/g) ?? []).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const order = (left[at] ?? 0) - (right[at] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

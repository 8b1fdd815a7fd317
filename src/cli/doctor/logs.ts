// Checks that the logs of serve and of the agents' hosts can be written. Opens each existing log, and writes nothing.
import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { shellQuote } from "../../agents/shell-quote.ts";
import { readAgentFolders } from "../../data-dir/agent-folders.ts";
import { hostLogPath, serveLogPath } from "../../data-dir/log-file.ts";
import { type Check, finding, well } from "../../domain/system/check.ts";
import { messageOf } from "../../domain/text/errors.ts";

export async function checkLogs(dataDir: string): Promise<Check[]> {
  const ids = await readAgentFolders(join(dataDir, "agents"));
  const paths = [serveLogPath(dataDir), ...ids.map((id) => hostLogPath(dataDir, id))];
  const bad = (await Promise.all(paths.map(checkLog))).flat();
  if (bad.length > 0) return bad;
  return [well("logs", `the logs of the server and of ${ids.length} agents can be written`)];
}

async function checkLog(path: string): Promise<Check[]> {
  const { O_APPEND, O_WRONLY, O_NOFOLLOW = 0 } = constants;
  try {
    await (await open(path, O_APPEND | O_WRONLY | O_NOFOLLOW)).close();
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? await checkFolder(dirname(path)) : [unwritable(path, error)];
  }
}

/** For a log that does not exist yet: checks its folder or, if that does not exist, the nearest existing folder above it. */
async function checkFolder(path: string): Promise<Check[]> {
  try {
    await stat(path);
    await access(path, constants.W_OK);
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" || dirname(path) === path) return [unwritable(path, error)];
    return await checkFolder(dirname(path));
  }
}

function unwritable(path: string, error: unknown): Check {
  const { code } = error as NodeJS.ErrnoException;
  const quoted = shellQuote([path]);
  const remedy = code === "EACCES" || code === "EPERM" ? `chmod u+w ${quoted}` : `mv ${quoted} ${quoted}.old`;
  return finding("logs", `${path} cannot be written: ${messageOf(error)}`, remedy);
}

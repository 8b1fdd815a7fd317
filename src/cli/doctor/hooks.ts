// Checks the user's hooks: whether `hooks.json` can be used, and whether the program of each hook is there.
import { access, constants } from "node:fs/promises";
import { resolve } from "node:path";
import { type Check, finding, well } from "../../domain/system/check.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { findOnPath } from "../../nats/child/server-version.ts";
import { type Hook, hooksPath, parseHooksFile } from "../../notify/hooks/hooks-file.ts";
import { readOwnFile } from "../../notify/own-file.ts";

/** Nothing without such a file. */
export async function checkHooks(dataDir: string, searchPath: string): Promise<Check[]> {
  const path = hooksPath(dataDir);
  try {
    const source = await readOwnFile({ path, isSecret: false });
    if (source === undefined) return [];
    const { entries: hooks, problems } = parseHooksFile(source, path);
    const missing = await Promise.all(hooks.map((hook) => checkProgram(hook, { dataDir, searchPath, path })));
    const bad = [...problems.values()].map(problemOf);
    const all = [...bad, ...missing.flat()];
    return all.length > 0 ? all : [well("hooks", `${hooks.length} in ${path}`)];
  } catch (error) {
    if (error instanceof CliaiError) return [problemOf(error)];
    throw error;
  }
}

function problemOf({ message, hint }: CliaiError): Check {
  return finding("hooks", message, hint ?? "correct it there");
}

interface Places {
  readonly dataDir: string;
  readonly searchPath: string;
  readonly path: string;
}

async function checkProgram(
  { name, command }: Hook,
  { dataDir, searchPath, path }: Places,
): Promise<Check[]> {
  const [program = ""] = command;
  const isPath = /[\\/]/.test(program);
  const found = isPath
    ? await isExecutable(resolve(dataDir, program))
    : await findOnPath(program, searchPath);
  if (found !== undefined && found !== false) return [];
  const where = isPath ? "which cannot be run" : "which is not on PATH";
  return [
    finding("hooks", `the hook "${name}" needs ${program}, ${where}`, `install it, or correct it in ${path}`),
  ];
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// Gets the source of the release before this one, which tests/neighbours runs beside the present one. A clone may be shallow, or have no tags:
// then the commit is fetched from the clone's own origin, into a repository of its own, so that nothing in the clone changes.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pinned from "./release-before.json" with { type: "json" };

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
const fetchWithinMs = 60_000;
const installWithinMs = 300_000;

export interface ReleaseBefore {
  /** The tag, such as `v0.2.0`. */
  readonly tag: string;
  /** The folder with its source; `src/main.ts` in it runs. */
  readonly dir: string;
}

/**
 * The first call unpacks the source into `.cache/release-before`, later ones find it there.
 * @param projectDir the clone
 * @throws Error that says in one line why there is none
 */
export async function getReleaseBefore(
  projectDir = root,
  { tag, commit }: { readonly tag: string; readonly commit: string } = pinned,
): Promise<ReleaseBefore> {
  const cacheDir = join(projectDir, ".cache", "release-before");
  const dir = join(cacheDir, commit);
  if (existsSync(dir)) return { tag, dir };
  await mkdir(cacheDir, { recursive: true });
  const unfinished = await mkdtemp(join(cacheDir, ".unpacking-"));
  try {
    const repository = await repositoryWith(commit, tag, projectDir, join(unfinished, "repository"));
    const source = join(unfinished, "source");
    await mkdir(source);
    const archive = join(unfinished, "source.tar");
    await git(repository, "archive", "--format=tar", "-o", archive, commit);
    await run("tar", ["xf", archive, "-C", source]);
    await linkPackages(source, projectDir);
    await symlink(join(projectDir, ".cache"), join(source, ".cache"), "dir");
    await rename(source, dir).catch((error: unknown) => {
      if (!existsSync(dir)) throw error; // another process was faster
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return { tag, dir };
}

/** @returns the folder of a repository that has the commit */
async function repositoryWith(
  commit: string,
  tag: string,
  projectDir: string,
  fresh: string,
): Promise<string> {
  if (await hasCommit(projectDir, commit)) return projectDir;
  const origin = await git(projectDir, "remote", "get-url", "origin").catch(() => {
    throw new Error(`${tag} is not in this clone, which has no origin to fetch it from`);
  });
  await run("git", ["init", "--quiet", "--bare", fresh]);
  const failures: string[] = [];
  // The tag first: not every server gives out a commit by its hash.
  for (const wanted of [`refs/tags/${tag}`, commit]) {
    const why = await git(fresh, "fetch", "--quiet", "--depth", "1", "--no-tags", origin, wanted).then(
      () => undefined,
      (error: { stderr?: string; message: string }) =>
        error.stderr?.trim().split("\n").at(-1) ?? error.message,
    );
    if (await hasCommit(fresh, commit)) return fresh;
    failures.push(`${wanted}: ${why ?? "another commit"}`);
  }
  throw new Error(`${tag} is not in this clone, and its origin does not give it (${failures.join("; ")})`);
}

async function hasCommit(repository: string, commit: string): Promise<boolean> {
  return await git(repository, "cat-file", "-e", `${commit}^{tree}`).then(
    () => true,
    () => false, // not there, or without its files
  );
}

async function git(repository: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, GIT_TERMINAL_PROMPT: "0" };
  const { stdout } = await run("git", ["-C", repository, ...args], { env, timeout: fetchWithinMs });
  return stdout.trim();
}

/** Uses the clone's packages if all that the release needs have the same versions there; else installs its own. */
async function linkPackages(source: string, projectDir: string): Promise<void> {
  const wanted = await dependenciesOf(source);
  const present = await dependenciesOf(projectDir);
  if (Object.entries(wanted).every(([name, version]) => present[name] === version)) {
    await symlink(join(projectDir, "node_modules"), join(source, "node_modules"), "dir");
    return;
  }
  const options = ["--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["ci", ...options], { cwd: source, timeout: installWithinMs });
}

async function dependenciesOf(dir: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(dir, "package.json"), "utf8")).dependencies;
}

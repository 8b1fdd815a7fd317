// Finds to where an agent's branch would be pushed, and which of its commits are not there.
import type { GitState } from "../domain/changes/git-state.ts";
import type { Git } from "../worktrees/git.ts";

export interface FoundRemote {
  readonly name: string;
  /** All addresses that a push goes to, as they are, also with a password. */
  readonly urls: readonly string[];
}

/** Where git would push the branch by itself; else `origin`, or the only remote that there is. */
export async function remoteOf(git: Git, branch: string): Promise<FoundRemote | undefined> {
  const linesOf = (text: string | undefined) => (text ?? "").split(/\r?\n/).filter((line) => line !== "");
  const names = linesOf(await git.ask(["remote"])).filter((name) => !name.startsWith("-"));
  const settings = [`branch.${branch}.pushRemote`, "remote.pushDefault", `branch.${branch}.remote`];
  const wanted: (string | undefined)[] = [];
  for (const key of settings) wanted.push(await git.ask(["config", "--get", key]));
  const name =
    [...wanted, "origin"].find((each) => each !== undefined && names.includes(each)) ??
    (names.length === 1 ? names[0] : undefined);
  if (name === undefined) return undefined;
  const urls = linesOf(await git.ask(["remote", "get-url", "--push", "--all", name]));
  // Git gives the address to the program of that name, whatever the address is.
  const vcs = await git.ask(["config", "--get", `remote.${name}.vcs`]);
  if (urls.length === 0) return undefined;
  return { name, urls: vcs === undefined ? urls : urls.map((url) => `${vcs}::${url}`) };
}

/** The branch into which the remote merges others, as far as this repository knows. */
export async function intoOf(git: Git, { name }: FoundRemote): Promise<string | undefined> {
  const begin = `refs/remotes/${name}/`;
  const ref = await git.ask(["symbolic-ref", "--quiet", `${begin}HEAD`]);
  return ref?.startsWith(begin) === true ? ref.slice(begin.length) : undefined;
}

/** Verifies no signature: the repository's own settings name the program for it. */
const log = ["log", "--no-show-signature", "--format=%H %s"];

/** The commits of head that the remote does not have, as far as this repository knows. */
export async function unpushedOf(
  git: Git,
  { name }: FoundRemote,
  { branch, head }: { readonly branch: string; readonly head: string },
): Promise<GitState["unpushed"]> {
  const known = await git.ask(["rev-parse", "--quiet", "--verify", `refs/remotes/${name}/${branch}`]);
  // A branch that is not there yet: all that no branch of the remote has.
  const without = known === undefined ? ["--not", `--remotes=${name}`] : ["--not", known];
  const list = async (...args: string[]) => {
    const lines = (await git.run([...log, ...args, "--"])).split("\n").filter((line) => line !== "");
    return lines.map((line) => ({
      commit: line.slice(0, line.indexOf(" ")),
      subject: line.slice(line.indexOf(" ") + 1),
    }));
  };
  const found = await list("--max-count=1000", head, ...without);
  // A new branch without commits of its own can be pushed, too.
  return found.length > 0 || known !== undefined ? found : await list("--max-count=1", head);
}

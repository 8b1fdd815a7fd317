// This room makes, lists and removes the agents' git worktrees. It runs the user's own git.
//
// Runs git: with a deadline, without prompts, and without the variables of a git that runs around us, such as one whose hook started cliai.
import { resolve } from "node:path";
import { CliaiError } from "../domain/text/errors.ts";
import { beginningOf } from "../domain/text/summary.ts";
import { type ListedWorktree, parseWorktreeList } from "../domain/worktrees/git-output.ts";
import { runProgram } from "../processes/run-program.ts";
import type { Environment } from "../runtime.ts";

const withinMs = 60_000;
/** For what may copy a whole repository, run hooks, or fetch large files. */
export const longWithinMs = 15 * 60_000;

export interface GitOptions {
  readonly withinMs?: number;
  /** More variables. */
  readonly more?: Environment;
}

export interface Git {
  /**
   * Resolves to what git prints.
   * @throws CliaiError `failed` with git's own words, `cli_missing`, `no_answer`
   */
  run(args: readonly string[], options?: GitOptions): Promise<string>;
  /** As `run`, but ends git when it has printed more than so much. What it has printed until then may end anywhere, and may be longer. */
  runBounded(args: readonly string[], mostBytes: number): Promise<{ text: string; isCut: boolean }>;
  /** As `run`, without a line feed at the end; undefined if git fails. @throws CliaiError `cli_missing`, `no_answer` */
  ask(args: readonly string[], options?: GitOptions): Promise<string | undefined>;
}

/** The user's settings for git that count here, too. All other variables of git may belong to a git around us. */
const keptVariables =
  /^GIT_(?:CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM)|EXEC_PATH|SSH|SSH_COMMAND|SSH_VARIANT|SSL_\w+|PROXY_\w+|TEMPLATE_DIR|LFS_\w+)$/;

/** The variables with which a git names its repository to the programs that it starts. An agent that inherits them works in the wrong one. */
const ofRepository =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|OBJECT_DIRECTORY|ALTERNATE_\w+|NAMESPACE)$/;

export function withoutOuterRepository(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ofRepository.test(name)));
}

function gitEnvironment(env: Environment): Environment {
  const others = Object.entries(env).filter(([name]) => !name.startsWith("GIT_") || keptVariables.test(name));
  return {
    ...Object.fromEntries(others),
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "", // set, but empty: git then asks no program for a password either
    GIT_OPTIONAL_LOCKS: "0",
    GIT_LITERAL_PATHSPECS: "1",
  };
}

/** @param more variables for each call */
export function createGit(cwd: string, env: Environment, more: Environment = {}): Git {
  const call = async (args: readonly string[], options: GitOptions & { readonly mostBytes?: number }) => {
    const end = await runProgram(["git", ...args], {
      ...{ cwd, env: { ...gitEnvironment(env), ...more, ...options.more } },
      withinMs: options.withinMs ?? withinMs,
      mostBytes: options.mostBytes,
    });
    const what = `git ${args
      .filter((arg) => !arg.startsWith("-"))
      .slice(0, 2)
      .join(" ")}`;
    if (end.why === "missing") throw missing();
    if (end.why === "late") {
      throw new CliaiError("no_answer", `${what} in ${cwd} took too long, and was ended`, {
        hint: `see what holds it up there: cd ${cwd} && git status`,
      });
    }
    return { ...end, what };
  };
  const failure = ({ code, stderr, what }: Awaited<ReturnType<typeof call>>) =>
    new CliaiError("failed", `${what} in ${cwd} failed: ${lastWords(stderr) || `exit code ${code}`}`, {
      hint: "mend what git says there, and try again",
    });
  return {
    async run(args, options = {}) {
      const end = await call(args, options);
      if (end.code === 0) return end.stdout;
      throw failure(end);
    },
    async runBounded(args, mostBytes) {
      const end = await call(args, { mostBytes });
      const isCut = end.why === "too_long";
      if (end.code === 0 || isCut) return { text: end.stdout, isCut };
      throw failure(end);
    },
    async ask(args, options = {}) {
      const { code, stdout } = await call(args, options);
      return code === 0 ? stdout.replace(/\r?\n$/, "") : undefined;
    },
  };
}

/** The first line in which git says what is wrong, without its prefix. */
function lastWords(stderr: string): string {
  const lines = stderr.trim().split("\n");
  const line = lines.find((each) => /^(?:fatal|error): /.test(each)) ?? lines.at(-1) ?? "";
  return beginningOf(line.replace(/^(?:fatal|error): /, ""), 300);
}

function missing(): CliaiError {
  return new CliaiError("cli_missing", "git is not on PATH, and a worktree needs it", {
    hint: "install git, or leave --worktree out",
  });
}

/** The worktrees of git's repository, the main one first. @throws CliaiError as `run` */
export async function listWorktrees({ run }: Git): Promise<ListedWorktree[]> {
  const listed = parseWorktreeList(await run(["worktree", "list", "--porcelain"]));
  // On Windows git writes paths with `/`.
  return listed.map((each) => ({ ...each, path: resolve(each.path) }));
}

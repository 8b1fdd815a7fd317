// A real git repository in a temporary directory, driven by the real git.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

/** The environment of git in tests: nobody's settings, and no repository around. */
export function gitEnv(home: string): Record<string, string> {
  return {
    ...{ PATH: process.env.PATH ?? "", HOME: home, LC_ALL: "C" },
    ...{ GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: join(home, ".gitconfig") },
  };
}

export interface TestRepository {
  readonly dir: string;
  readonly env: Record<string, string>;
  /** Runs git there, or in another directory; returns what it prints, trimmed. Throws what it says if it fails. */
  git(args: readonly string[], cwd?: string): string;
  /** Writes a file, with the directories above it. @param root default: the repository */
  write(path: string, text: string, root?: string): void;
  /** Adds everything, and commits it. Returns the commit. */
  commit(message: string, cwd?: string): string;
}

/** @param home an existing directory, which holds the repository `project` and git's settings */
export function createRepository(home: string, name = "project"): TestRepository {
  const dir = join(home, name);
  const env = gitEnv(home);
  mkdirSync(dir, { recursive: true });
  const git = (args: readonly string[], cwd = dir) =>
    execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  const repository: TestRepository = {
    dir,
    env,
    git,
    write(path, text, root = dir) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    commit(message, cwd) {
      git(["add", "--all"], cwd);
      git(["commit", "--quiet", "--allow-empty", "-m", message], cwd);
      return git(["rev-parse", "HEAD"], cwd);
    },
  };
  writeFileSync(
    join(home, ".gitconfig"),
    '[user]\n\tname = T\n\temail = t@example.org\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n',
  );
  git(["init", "--quiet"]);
  return repository;
}

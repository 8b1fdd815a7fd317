// The real, pinned Claude Code, kept from the network and from the user's own settings: its path, its environment, its runs.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { type ChildExit, startChild } from "./child.ts";
import type { TempDir } from "./temp-dir.ts";

// `customApiKeyResponses` below approves this key by its last characters. No real service accepts it.
const apiKey = "sk-ant-dummy-000000000000000000000000-dummyAA";

/** The path of the executable that npm installed for this platform. Throws when npm left it out. */
export function claudePath(): string {
  const scope = join(import.meta.dirname, "../../node_modules/@anthropic-ai");
  const platform = `claude-code-${process.platform}-${process.arch}`;
  const name = process.platform === "win32" ? "claude.exe" : "claude";
  const candidates = [platform, `${platform}-musl`].map((folder) => join(scope, folder, name));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`Claude Code is not installed: no ${candidates.join(" nor ")}`);
  return found;
}

export interface ClaudeEnvironmentOptions {
  /** A temporary directory for everything that Claude writes: home, configuration, temporary files. */
  readonly home: string;
  /** The directories in which Claude will be started. It does not ask there whether it may trust the directory. */
  readonly workDirs: readonly string[];
  readonly modelServerUrl: string;
}

/**
 * Writes a Claude configuration that is past its first-run dialogs, and gives the whole environment to start Claude
 * with, nothing of this process's own but PATH. The directory of the pinned `claude` stands first in PATH.
 */
export async function claudeEnvironment(options: ClaudeEnvironmentOptions): Promise<Record<string, string>> {
  const { home, workDirs, modelServerUrl } = options;
  const configDir = join(home, "claude");
  const tempDir = join(home, "tmp");
  await Promise.all([configDir, tempDir].map((path) => mkdir(path, { recursive: true, mode: 0o700 })));
  const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true };
  const settings = {
    hasCompletedOnboarding: true,
    theme: "dark",
    numStartups: 5,
    autoUpdates: false,
    customApiKeyResponses: { approved: [apiKey.slice(-20)], rejected: [] },
    projects: Object.fromEntries(workDirs.map((path) => [path, project])),
  };
  await writeFile(join(configDir, ".claude.json"), JSON.stringify(settings), { mode: 0o600 });
  return {
    PATH: [dirname(claudePath()), process.env.PATH].join(delimiter),
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    HOME: home,
    TMPDIR: tempDir,
    CLAUDE_CONFIG_DIR: configDir,
    ANTHROPIC_BASE_URL: modelServerUrl,
    ANTHROPIC_API_KEY: apiKey,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    // In 2.1.330, the previous variable does not keep the TUI from cloning its plugin catalogue from GitHub.
    CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_ERROR_REPORTING: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_BUG_COMMAND: "1",
  };
}

/** Makes a folder `work` below `dir` in which Claude Code works. It has a home of its own there, and asks `model`. */
export async function prepareClaude(
  dir: Pick<TempDir, "join">,
  model: { readonly url: string },
): Promise<{ work: string; env: Record<string, string> }> {
  const work = dir.join("work");
  await mkdir(work, { recursive: true });
  const env = await claudeEnvironment({
    home: dir.join("home"),
    workDirs: [work],
    modelServerUrl: model.url,
  });
  return { work, env };
}

export interface RunClaudeOptions {
  /** From `claudeEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Default `patienceMs`. */
  readonly deadlineMs?: number;
}

/** Runs `claude` to its end, as `-p` runs are, with no input. Fails at the deadline with its output. */
export async function runClaude(args: readonly string[], options: RunClaudeOptions): Promise<ChildExit> {
  const { env, cwd, deadlineMs } = options;
  await using claude = await startChild(claudePath(), args, { env, cwd, stdin: "ignore" });
  return await claude.exit(deadlineMs);
}

// `cliai spawn` on a terminal of its own (tmux), for any agent CLI that a test has prepared: the agent ada, which ends with the terminal.
import { writeFile } from "node:fs/promises";
import { fetchAgent, type ShownAgent } from "./bridges.ts";
import { cliaiCommand, type RunningServe } from "./cliai.ts";
import type { TempDir } from "./temp-dir.ts";
import { startTmux, type TmuxSession } from "./tmux.ts";
import { waitFor } from "./wait-for.ts";

export interface SpawnedTerminal extends AsyncDisposable {
  readonly terminal: TmuxSession;
  /** Waits until what the server shows of the agent fits. */
  until(what: string, fits: (agent: ShownAgent) => boolean): Promise<ShownAgent>;
}

export interface SpawnedOptions {
  /** Where the configuration of cliai is written; it must last as long as the agent. */
  readonly dir: TempDir;
  /** The project. */
  readonly work: string;
  /** The environment of the agent's CLI. */
  readonly env: Readonly<Record<string, string>>;
  readonly profile: Readonly<Record<string, unknown>>;
  /** More arguments of `cliai spawn own --id ada`. */
  readonly args: readonly string[];
}

export async function spawnOnTerminal(
  serve: RunningServe,
  options: SpawnedOptions,
): Promise<SpawnedTerminal> {
  const { dir, work, env, profile, args } = options;
  const config = dir.join("config.json");
  await writeFile(config, JSON.stringify({ agents: { own: profile } }));
  const spawn = ["spawn", "own", "--id", "ada", "--data-dir", serve.dataDir, "--config", config];
  const terminal = await startTmux({
    ...{ dir: dir.path, cwd: work },
    commandLine: [...cliaiCommand(), ...spawn, "--die-with-terminal", ...args],
    env: { ...env, CLIAI_NO_START: "1" },
  });
  return {
    terminal,
    async until(what, fits) {
      let last: ShownAgent | undefined;
      const look = async () => {
        last = await fetchAgent(serve, "ada").catch(() => last);
        return last !== undefined && fits(last) ? last : undefined;
      };
      return await waitFor(look, { what, saw: async () => ({ last, screen: await terminal.screen() }) });
    },
    [Symbol.asyncDispose]: () => terminal[Symbol.asyncDispose](),
  };
}

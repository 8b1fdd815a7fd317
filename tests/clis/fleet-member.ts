// One of several agents of a server, on a real CLI with a scripted model of its own: started by `cliai spawn`, on a terminal if the driver has one.
import { mkdtemp, writeFile } from "node:fs/promises";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { cliaiCommand, type RunningServe } from "../support/cliai.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { startTmux, type TmuxSession } from "../support/tmux.ts";
import { waitFor } from "../support/wait-for.ts";
import type { CliDriver, DrivenModel } from "./cli-driver.ts";
import { startsWithinMs } from "./driven-agent.ts";
import type { DrivenScript } from "./driven-turn.ts";

export interface Member extends AsyncDisposable {
  readonly id: string;
  readonly model: DrivenModel;
  readonly work: string;
  /** Its terminal; undefined if it is headless. */
  readonly terminal: TmuxSession | undefined;
  /** Waits until what the server shows of the agent fits. */
  until(what: string, fits: (agent: ShownAgent) => boolean): Promise<ShownAgent>;
}

export interface MemberOptions {
  readonly script: DrivenScript;
  /** Default `agent`. */
  readonly role?: "agent" | "captain";
}

/** Resolves when the agent waits for its first task. */
export async function joinFleet(
  serve: RunningServe,
  id: string,
  driver: CliDriver,
  { script, role = "agent" }: MemberOptions,
): Promise<Member> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const model = parts.use(await driver.startModel(script));
  const { work, env } = await driver.prepare(dir, model);
  const config = dir.join("config.json");
  const profile = { cli: driver.cli.name, role, ...driver.profile };
  await writeFile(config, JSON.stringify({ agents: { mine: profile } }));
  const own = ["spawn", "mine", "--id", id, "--data-dir", serve.dataDir, "--config", config];
  const program = { cwd: work, env: { ...env, CLIAI_NO_START: "1" } };
  const { terminal, output } = await startProgram(driver, own, { parts, dir, program });
  // Only a stop ends the agent as a whole: the server of a served CLI outlives the host on its terminal.
  parts.defer(async () => void (await serve.run(["send", "stop", id, "--force", "--wait", "applied"])));
  const until: Member["until"] = async (what, fits) => {
    let last: ShownAgent | undefined;
    const look = async () => {
      last = await fetchAgent(serve, id).catch(() => last);
      return last !== undefined && fits(last) ? last : undefined;
    };
    return await waitFor(look, {
      ...{ what: `${id}: ${what}`, deadlineMs: startsWithinMs },
      saw: async () => ({ last, output: await output() }),
    });
  };
  // On a terminal some CLIs tell their session only with their first prompt.
  await until(
    "it waits for a task",
    ({ session_id, status, axes }) =>
      axes.link.value === "online" && (status === "idle" || Boolean(session_id)),
  );
  const running = parts.move();
  return { id, model, work, terminal, until, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

interface Place {
  readonly parts: AsyncDisposableStack;
  readonly dir: TempDir;
  readonly program: { readonly cwd: string; readonly env: Readonly<Record<string, string>> };
}

async function startProgram(
  { mode }: CliDriver,
  args: readonly string[],
  { parts, dir, program: where }: Place,
): Promise<{ readonly terminal: TmuxSession | undefined; output(): Promise<string> }> {
  if (mode === "terminal") {
    const commandLine = [...cliaiCommand(), ...args, "--die-with-terminal"];
    const terminal = parts.use(
      await startTmux({ dir: await mkdtemp(dir.join("tmux-")), commandLine, ...where }),
    );
    return { terminal, output: terminal.screen };
  }
  const [program, ...rest] = [...cliaiCommand(), ...args, "--headless"];
  const child = parts.use(await startChild(program, rest, where));
  return { terminal: undefined, output: async () => child.stderr };
}

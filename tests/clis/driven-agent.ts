// One agent, `ada`, on a real CLI: started by `cliai spawn` beside a scripted model, and looked at as a user looks at it. Knows no CLI.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { startChild } from "../support/child.ts";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { startTmux, type TmuxSession } from "../support/tmux.ts";
import { type AgentView, processesIn, viewAgent } from "./agent-view.ts";
import type { CliDriver, DrivenModel, DrivenPlace } from "./cli-driver.ts";
import type { DrivenScript } from "./driven-turn.ts";

/** A busy machine may take that long for a CLI's start. */
export const startsWithinMs = 180_000;

/** Each agent works in it: a name that no shell may split, and no encoding may change. */
const folder = "Zoë's work – ünï";

export interface DrivenOptions {
  readonly script: DrivenScript;
  /** The task of its launch. */
  readonly task: string;
}

export interface DrivenAgent extends AgentView, AsyncDisposable {
  readonly model: DrivenModel;
  readonly work: string;
  readonly dataDir: string;
  /** Kills the server, and starts another one in its place. Between the two it does what is given. */
  restartServe(between?: () => Promise<void>): Promise<void>;
  /** Has an agent that has ended again, by `cliai resume`: on a new terminal, if it had one. */
  resumeAgain(): Promise<void>;
  /** The user's own settings of the CLI that are no longer as they were before the launch: each path, with both contents. */
  changedFiles(): Promise<readonly string[]>;
  /** What of the user's own has not run, each by the file that it leaves. */
  missingSigns(): readonly string[];
  /** Every process that runs in the agent's folder, by its command line (Linux). */
  processes(): Promise<readonly string[]>;
}

/** Resolves as soon as the program is started. */
export async function startDriven(driver: CliDriver, { script, task }: DrivenOptions): Promise<DrivenAgent> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const model = parts.use(await driver.startModel(script));
  const { work, env, ownFiles, ownSigns } = await driver.prepare(placeIn(dir), model);
  const before = await Promise.all(ownFiles.map((path) => readFile(path, "utf8")));
  const server = parts.use(await startServer(dir, env));
  // A task may follow the profile, or stand in a flag.
  const given = driver.mode === "terminal" ? [task] : ["--task", task];
  const launch = ["spawn", "driven", ...given, "--id", "ada", ...(driver.spawnArgs?.(model) ?? [])];
  const programs = createPrograms(driver, { dir, place: { work, env } });
  parts.defer(programs.end);
  await programs.start([...launch, "--config", await writeConfig(driver, dir)]);
  const view = viewAgent(server.now, programs.output);
  // Only a stop ends an agent as a whole: the server of a served CLI outlives the host on its terminal.
  parts.defer(
    async () => void (await server.now().run(["send", "stop", "ada", "--force", "--wait", "applied"])),
  );
  const running = parts.move();
  return {
    ...{ model, work, dataDir: dir.join("data"), ...view },
    restartServe: server.restart,
    async resumeAgain() {
      if (driver.mode === "headless") await view.run("resume", "ada");
      else await programs.start(["resume", "ada"]);
    },
    async changedFiles() {
      const now = await Promise.all(ownFiles.map((path) => readFile(path, "utf8")));
      return ownFiles.flatMap((path, index) =>
        now[index] === before[index] ? [] : [`${path} was\n${before[index]}\nand is\n${now[index]}`],
      );
    },
    missingSigns: () => ownSigns.filter((path) => !existsSync(path)),
    processes: () => processesIn(work),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The directory, with another name for the folder in which the CLI works. */
function placeIn(dir: TempDir): Pick<TempDir, "join"> {
  return { join: (first = "", ...rest) => dir.join(first === "work" ? folder : first, ...rest) };
}

async function writeConfig(driver: CliDriver, dir: TempDir): Promise<string> {
  const config = dir.join("config.json");
  const profile = { cli: driver.cli.name, ...driver.profile };
  await writeFile(config, JSON.stringify({ agents: { driven: profile } }));
  return config;
}

interface Server extends AsyncDisposable {
  now(): RunningServe;
  restart(between?: () => Promise<void>): Promise<void>;
}

async function startServer(dir: TempDir, env: DrivenPlace["env"]): Promise<Server> {
  const options = { dataDir: dir.join("data"), env, readyDeadlineMs: 60_000 };
  let serve = await startServe(options);
  return {
    now: () => serve,
    async restart(between) {
      const [port = 0, natsPort = 0] = [serve.url, serve.natsUrl].map((url) => Number(new URL(url).port));
      serve.child.kill("SIGKILL");
      await serve.child.exit();
      await between?.();
      // Its nats-server may outlive it, and is taken up again.
      serve = await startServe({ ...options, port, natsPort });
    },
    [Symbol.asyncDispose]: () => serve[Symbol.asyncDispose](),
  };
}

type Place = Pick<DrivenPlace, "work" | "env">;

interface Programs {
  /** Starts `cliai` with the arguments as the agent's program, where its CLI wants to run, after the end of the last one. */
  start(args: readonly string[]): Promise<void>;
  output(): Promise<string>;
  end(): Promise<void>;
}

function createPrograms(driver: CliDriver, { dir, place }: { dir: TempDir; place: Place }): Programs {
  let ended: (() => PromiseLike<void>) | undefined;
  let output = async () => "";
  const end = async () => {
    await ended?.();
    ended = undefined;
  };
  return {
    async start([command = "", ...rest]) {
      await end();
      const where = driver.mode === "headless" ? "--headless" : "--die-with-terminal";
      const words = [
        command,
        "--data-dir",
        dir.join("data"),
        ...rest,
        ...(command === "spawn" ? [where] : []),
      ];
      const commandLine = [...cliaiCommand(), ...words];
      const options = { cwd: place.work, env: { ...place.env, CLIAI_NO_START: "1" } };
      if (driver.mode === "terminal") {
        // A socket of its own: the last tmux server may not have removed its socket yet.
        const own = await mkdtemp(dir.join("tmux-"));
        const terminal: TmuxSession = await startTmux({ dir: own, commandLine, ...options });
        output = terminal.screen;
        ended = () => terminal[Symbol.asyncDispose]();
        return;
      }
      const [program = "", ...args] = commandLine;
      const child = await startChild(program, args, options);
      output = async () => `stdout: ${child.stdout}\nstderr: ${child.stderr}`;
      ended = () => child[Symbol.asyncDispose]();
    },
    output: () => output(),
    end,
  };
}

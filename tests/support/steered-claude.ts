// The real Claude Code as `cliai spawn` runs it, offline against a scripted model: on a terminal of its own, or headless.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchAgent, type ShownAgent } from "./bridges.ts";
import { type Child, startChild } from "./child.ts";
import { claudeEnvironment, claudePath } from "./claude-code.ts";
import { cliaiCommand, type RunningServe } from "./cliai.ts";
import type { Turn } from "./model-answer.ts";
import type { ModelServer, Rule } from "./model-server.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";
import { startTmux, type TmuxSession } from "./tmux.ts";
import { patienceMs, waitFor } from "./wait-for.ts";

export interface SteeredOptions {
  readonly id: string;
  readonly model: ModelServer;
  /** The keys of the profile "steered". */
  readonly profile?: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
  /** The routes that the host may use (CLIAI_ROUTES). Default: all. */
  readonly routes?: string;
  /** The user's own settings of Claude. */
  readonly userSettings?: object;
  /** Whether Claude does not trust the directory in which it is started, so that it first asks about that. */
  readonly isUntrusted?: boolean;
  /** Whether the session runs on when its terminal closes. If not, it ends with its terminal, and so with its test. */
  readonly outlivesTerminal?: boolean;
  /** Passed on to Claude. */
  readonly claudeArgs?: readonly string[];
}

export interface Steered extends AsyncDisposable {
  readonly dir: TempDir;
  readonly cwd: string;
  /** The environment of the process `cliai spawn`. */
  readonly env: Readonly<Record<string, string>>;
  readonly terminal: TmuxSession;
  agent(): Promise<ShownAgent>;
  /** Waits until what the server shows of the agent fits. */
  until(what: string, fits: (agent: ShownAgent) => boolean, deadlineMs?: number): Promise<ShownAgent>;
}

async function prepare(
  serve: RunningServe,
  {
    id,
    model,
    profile = {},
    args = [],
    claudeArgs = [],
    routes = "",
    userSettings,
    isUntrusted = false,
    outlivesTerminal = false,
  }: SteeredOptions,
) {
  const dir = await tempDir();
  const cwd = dir.join("work");
  await mkdir(cwd);
  const config = dir.join("config.json");
  await writeFile(config, JSON.stringify({ agents: { steered: profile } }));
  const workDirs = isUntrusted ? [] : [cwd];
  const env = await claudeEnvironment({ home: dir.join("home"), workDirs, modelServerUrl: model.url });
  if (userSettings !== undefined) {
    await writeFile(join(env.CLAUDE_CONFIG_DIR ?? "", "settings.json"), JSON.stringify(userSettings));
  }
  const own = ["spawn", "steered", "--id", id, "--data-dir", serve.dataDir, "--config", config];
  if (!outlivesTerminal) own.push("--die-with-terminal");
  const passed = claudeArgs.length === 0 ? [] : ["--", ...claudeArgs];
  const commandLine = [...cliaiCommand(), ...own, ...args, ...passed];
  const { CLIAI_LOG = "warn" } = process.env;
  return { dir, cwd, env: { ...env, CLIAI_LOG, CLIAI_NO_START: "1", CLIAI_ROUTES: routes }, commandLine };
}

function watching(serve: RunningServe, id: string): Pick<Steered, "agent" | "until"> {
  const agent = () => fetchAgent(serve, id);
  return {
    agent,
    async until(what, fits, deadlineMs = patienceMs) {
      let last: ShownAgent | undefined;
      const look = async () => {
        last = await agent().catch(() => last);
        return last !== undefined && fits(last);
      };
      await waitFor(look, { what, deadlineMs, saw: () => last });
      return last as unknown as ShownAgent;
    },
  };
}

/** Resolves when the session is ready for a prompt and the fleet has it online. */
export async function startSteered(serve: RunningServe, options: SteeredOptions): Promise<Steered> {
  await using parts = new AsyncDisposableStack();
  const { dir, cwd, env, commandLine } = await prepare(serve, options);
  parts.use(dir);
  const terminal = parts.use(await startTmux({ dir: dir.path, cwd, env, commandLine }));
  await terminal.waitFor("❯");
  const watch = watching(serve, options.id);
  await watch.until("it is online", ({ axes }) => axes.link.value === "online");
  const running = parts.move();
  return { dir, cwd, env, terminal, ...watch, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

export interface Headless extends Omit<Steered, "terminal"> {
  readonly child: Child;
}

/** Resolves when the fleet has it online. */
export async function startHeadless(serve: RunningServe, options: SteeredOptions): Promise<Headless> {
  await using parts = new AsyncDisposableStack();
  const launched = parts.use(await launchHeadless(serve, options));
  const watch = watching(serve, options.id);
  await watch.until("it is online", ({ axes }) => axes.link.value === "online");
  const running = parts.move();
  return { ...launched, ...watch, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The same, without waiting for anything and without asking the server. */
export async function launchHeadless(
  serve: RunningServe,
  options: SteeredOptions,
): Promise<Omit<Headless, "agent" | "until">> {
  await using parts = new AsyncDisposableStack();
  const args = ["--headless", ...(options.args ?? [])];
  const { dir, cwd, env, commandLine } = await prepare(serve, { ...options, args });
  parts.use(dir);
  const [program = "", ...words] = commandLine;
  const child = parts.use(await startChild(program, words, { cwd, env }));
  const running = parts.move();
  return { dir, cwd, env, child, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/**
 * Starts Claude with the arguments and the MCP server that `spawn --headless` gives it, but with `settings` and without a host, to show how long
 * a session takes by itself. Gives it `prompt`.
 */
export async function startUnhosted(
  serve: RunningServe,
  { settings, prompt, ...options }: SteeredOptions & { readonly settings: object; readonly prompt: string },
): Promise<AsyncDisposable> {
  await using parts = new AsyncDisposableStack();
  const args = ["--headless", "--dry-run", "--json"];
  const { dir, cwd, env, commandLine } = await prepare(serve, { ...options, args });
  parts.use(dir);
  const [program = "", ...words] = commandLine;
  await using planning = await startChild(program, words, { cwd, env });
  await serve.run(["agents", "add", options.id]); // a dry run makes no credentials
  const plan = JSON.parse((await planning.exit()).stdout) as { readonly args: readonly string[] };
  // A dry run has no host, and so no settings of its own.
  const all = ["--settings", JSON.stringify(settings), ...plan.args];
  const child = parts.use(await startChild(claudePath(), all, { cwd, env }));
  child.write(`${JSON.stringify({ type: "user", message: { role: "user", content: prompt } })}\n`);
  return parts.move();
}

export function callTool(name: string, input: object): Turn {
  return { toolUses: [{ name: `mcp__cliai__${name}`, input: { ...input } }] };
}

export function bash(command: string): Turn {
  return { toolUses: [{ name: "Bash", input: { command, description: "as the test says" } }] };
}

/**
 * Calls Bash for that many seconds; then it prints the word. In a session of `cliai spawn` on a terminal, Claude Code 2.1.330 does not run
 * `sleep 4; echo rested`: its result is "Blocked" at once, as an error. Give the session `--permission-mode default`: in its
 * own mode "auto" Claude asks its service about such a command, and opens a dialog if the service does not answer.
 */
export function slowBash(seconds: number, word: string): Turn {
  return bash(`timeout ${seconds} tail -f /dev/null; echo ${word}`);
}

/**
 * Presses Enter at the dialog that has the text, again and again until `isAnswered`. In the first 0.3 s or less of a dialog, Claude 2.1.330
 * takes neither Enter nor a digit, and its screen does not show when it begins to take them. Deadline: `patienceMs`.
 */
export async function acceptDialog(
  { screen, keys }: Pick<TmuxSession, "screen" | "keys">,
  text: string,
  isAnswered: () => boolean | Promise<boolean>,
): Promise<void> {
  const press = async () => {
    if (await isAnswered()) return true;
    if ((await screen()).includes(text)) await keys("Enter");
    return false;
  };
  // Between two keys an Enter that was taken closes its dialog, so the next one does not answer the dialog that follows.
  await waitFor(press, {
    what: `the dialog "${text}" is answered`,
    intervalMs: 1_500,
    saw: screen,
  });
}

/** A model that acknowledges each task that it is handed, by the id in its mark. */
export const acknowledgesTasks: Rule = {
  match: /\[cliai task [\w-]+\]/,
  turn: ({ newText }) =>
    callTool("acknowledge", {
      command_id: /\[cliai task ([\w-]+)\]/.exec(newText)?.[1],
      outcome: "applied",
      note: "as you asked",
    }),
};

/** The states of a command's receipts, in order, each with its route where it has one. */
export function lifeOf({ commands }: ShownAgent, commandId: string): string[] {
  const receipts = (commands.find(({ command_id }) => command_id === commandId)?.receipts ?? []) as readonly {
    readonly state: string;
    readonly route?: string;
  }[];
  return receipts.map(({ state, route }) => (route === undefined ? state : `${state} by ${route}`));
}

/** The process below `pid` whose command line has the word, by the system's own record of who started whom (Linux). */
export async function descendantRunning(pid: number, word: string): Promise<number> {
  const seen = [pid];
  for (const each of seen) {
    // Each thread has its own children.
    const threads = await readdir(`/proc/${each}/task`);
    const texts = await Promise.all(
      threads.map((thread) => readFile(`/proc/${each}/task/${thread}/children`, "utf8")),
    );
    for (const child of texts.join(" ").split(" ").filter(Boolean).map(Number)) {
      const words = (await readFile(`/proc/${child}/cmdline`, "utf8")).split("\0");
      if (words.includes(word)) return child;
      seen.push(child);
    }
  }
  throw new Error(`nothing below ${pid} runs "${word}"`);
}

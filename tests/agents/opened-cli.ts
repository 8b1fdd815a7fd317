// A session of a real agent CLI, opened as its host opens it: the tests give the host's answers and see what the host is told.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import type { AgentCli } from "../../src/agents/agent-cli.ts";
import type { AgentLaunch, HookPlace } from "../../src/agents/agent-launch.ts";
import type { LiveSession, SessionListener, SessionPipes } from "../../src/agents/live-session.ts";
import type { HookTranslation } from "../../src/agents/session-cli.ts";
import type {
  Hook,
  HookAnswer,
  HookFacts,
  ModelRequest,
  SessionSign,
  TurnResult,
} from "../../src/domain/hook.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import { signalChild, signalGroup } from "../../src/processes/end-process.ts";
import { atMost } from "../../src/waiting.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";
import type { TempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

export interface Told {
  readonly hooks: Hook[];
  readonly observed: Hook[];
  readonly events: HookFacts[];
  readonly signs: SessionSign[];
  readonly usage: ModelRequest[];
  readonly words: string[];
  readonly results: TurnResult[];
  session: string;
}

export interface OpenedCli extends AsyncDisposable {
  readonly server: Server;
  readonly session: LiveSession;
  readonly told: Told;
  readonly launch: AgentLaunch;
  /** The host is gone: nobody listens at its address any more. */
  endHost(): Promise<void>;
  /** Resolves with the result of the turn of that number, 1 for the first. */
  result(number: number): Promise<TurnResult>;
}

export interface AnsweredLaunch {
  /** The host's answers; default: it lets everything go on. */
  readonly answer?: (hook: Hook, signal?: AbortSignal) => HookAnswer | Promise<HookAnswer>;
  /** Default: the agent is never paused. */
  readonly whenLetGo?: SessionListener["whenLetGo"];
  readonly launch?: Partial<Omit<AgentLaunch, "hooks">>;
  /** Stands between the CLI's standard output and the session. */
  readonly output?: (stdout: Readable) => Readable;
}

export interface OpenedCliOptions extends AnsweredLaunch {
  readonly cli: AgentCli;
  /** The path of the real program. */
  readonly path: string;
  readonly dir: TempDir;
  readonly work: string;
  readonly env: Readonly<Record<string, string>>;
  /** More of the place of the hooks, for the address at which the host takes them. */
  readonly hooks?: (url: string) => Partial<HookPlace>;
}

/**
 * An MCP server with the tools `wait`, which answers after `ms`, and `report_status`, which both answer with its environment, and with
 * `ask`, which asks the client's user whether it may go on, and answers with the answer. It writes its process id as a line into the file
 * that TINY_PIDS names.
 */
const tinyServer = `
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
if (process.env.TINY_PIDS) appendFileSync(process.env.TINY_PIDS, process.pid + "\\n");
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
const answer = (id, value) => send({ id, result: { content: [{ type: "text", text: JSON.stringify(value) }] } });
const tools = ["report_status", "wait", "ask"].map((name) => ({ name, inputSchema: { type: "object" } }));
const requestedSchema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] };
const asked = new Map();
// Clients ask for more than tools, and may wait long for an answer.
const unknown = (id, method) => {
  if (id !== undefined && !["initialize", "tools/list"].includes(method)) send({ id, error: { code: -32601, message: "Method not found" } });
};
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params, result } = JSON.parse(line);
  if (method === undefined) answer(asked.get(id), result);
  if (method === "initialize") send({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "tiny", version: "1" } } });
  if (method === "tools/list") send({ id, result: { tools } });
  if (method !== "tools/call") return unknown(id, method);
  if (params.name !== "ask") return setTimeout(() => answer(id, process.env), params.arguments?.ms ?? 0);
  asked.set("ask-" + id, id);
  send({ id: "ask-" + id, method: "elicitation/create", params: { message: "Go on?", requestedSchema } });
});
`;

export function tinyMcpServer(dir: Pick<TempDir, "join">): AgentLaunch["mcpServer"] {
  const env = { TINY_SECRET: "the secret of the bridge" };
  return { command: process.execPath, args: [dir.join("tiny.mjs")], env };
}

export async function openCli({
  cli,
  path,
  dir,
  work,
  env,
  hooks,
  ...options
}: OpenedCliOptions): Promise<OpenedCli> {
  await using parts = new AsyncDisposableStack();
  const told: Told = {
    ...{ hooks: [], observed: [], events: [], signs: [], usage: [], words: [], results: [], session: "" },
  };
  const onHook = async (hook: Hook, signal?: AbortSignal) => {
    told.hooks.push(hook);
    return (await options.answer?.(hook, signal)) ?? { type: "go" as const };
  };
  const host = parts.use(new AsyncDisposableStack());
  const { session: { hooks: translation } = {}, openSession, isProcessGroup = false } = cli;
  if (openSession === undefined) throw new Error(`${cli.name} has no sessions`);
  const listener = host.use(await startHookListener(translation, onHook));
  await writeFile(dir.join("tiny.mjs"), tinyServer);
  const launch = {
    ...{ agentId: parseAgentId("ada"), sessionId: "unused", dir: dir.path, cwd: work, isHeadless: true },
    mcpServer: tinyMcpServer(dir),
    ...{ mcpConfigPath: dir.join("mcp.json"), strictMcp: false, instructions: "You are ada.", passedOn: [] },
    hooks: { url: listener.url, token: "the-token", env, ...hooks?.(listener.url) } as HookPlace,
    ...options.launch,
  };
  const start = await cli.prepare(launch);
  for (const { path: file, content } of start.files ?? []) await writeFile(file, content, { mode: 0o600 });
  const server = parts.use(
    startServer(path, [...(cli.programArgs ?? []), ...start.args], {
      cwd: work,
      env: { ...env, ...start.env },
      isProcessGroup,
    }),
  );
  const listening: SessionListener = {
    onHook,
    whenLetGo: options.whenLetGo ?? (() => Promise.resolve()),
    onSession: (id) => {
      told.session = id;
    },
    observe: (hook) => told.observed.push(hook),
    onEvent: (event) => told.events.push(event),
    onSign: (sign) => told.signs.push(sign),
    onUsage: (request) => told.usage.push(request),
    onWords: (words) => told.words.push(words),
    onResult: (result) => told.results.push(result),
  };
  const { stdin, stdout } = server.pipes;
  const pipes = { stdin, stdout: options.output?.(stdout) ?? stdout };
  const session = openSession({ ...pipes, ...listening, launch, log: silentLogger });
  await session.whenReady;
  const running = parts.move();
  return {
    ...{ server, session, told, launch },
    endHost: () => host.disposeAsync(),
    result: (number) =>
      waitFor(() => told.results[number - 1], {
        what: `the result of turn ${number}`,
        saw: () => ({ ...told, log: server.log() }),
      }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export interface Server extends AsyncDisposable {
  readonly pid: number;
  readonly pipes: Pick<SessionPipes, "stdin" | "stdout">;
  readonly exited: Promise<unknown>;
  kill(signal: NodeJS.Signals): void;
  log(): string;
}

function startServer(
  path: string,
  args: readonly string[],
  { isProcessGroup, ...options }: { cwd: string; env: NodeJS.ProcessEnv; isProcessGroup: boolean },
): Server {
  const child = spawn(path, [...args], { ...options, stdio: "pipe", detached: isProcessGroup });
  const kill = (signal: NodeJS.Signals) =>
    isProcessGroup ? signalGroup(child, signal) : signalChild(child, signal);
  const exited = once(child, "exit");
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    log += part;
  });
  return {
    pid: child.pid ?? 0,
    pipes: { stdin: child.stdin, stdout: child.stdout },
    exited,
    kill,
    log: () => log,
    async [Symbol.asyncDispose]() {
      // After an interrupt OpenCode 1.18.33 ignores the first SIGTERM.
      for (const signal of ["SIGTERM", "SIGTERM", "SIGKILL"] as const) {
        kill(signal);
        await atMost(1_500, exited);
      }
    },
  };
}

/** The host's listener: it takes the hooks that come by HTTP. */
async function startHookListener(hooks: HookTranslation | undefined, onHook: SessionListener["onHook"]) {
  return await startLoopbackServer(async (request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const hook = hooks?.read(JSON.parse(await readText(request)));
    if (request.headers.authorization !== "Bearer the-token" || hook === undefined) {
      return void response.writeHead(401).end();
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(hooks?.buildAnswer(hook, await onHook(hook, gone.signal))));
  });
}

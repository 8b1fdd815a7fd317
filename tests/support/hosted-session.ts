// A session's host over a real server, around a CLI that is the test: it sends hooks, and takes or swallows what it is given.
import { claude } from "../../src/agents/claude/claude.ts";
import type { LiveSession } from "../../src/agents/live-session.ts";
import type { AgentView } from "../../src/domain/fleet/agent-view.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { type Host, startHost } from "../../src/host/host.ts";
import type { SessionOptions } from "../../src/host/session-options.ts";
import type { CliProcess } from "../../src/host/steer/cli-process.ts";
import { silentLogger } from "../../src/log.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";
import { startTestServer, type TestServer } from "./test-server.ts";
import { waitFor } from "./wait-for.ts";

export const id = parseAgentId("ada");
/** A tool call of the session. */
export const tool = { tool_name: "Bash", tool_input: { command: "ls" }, tool_use_id: "u1" };

/** A session with pipes that takes whatever it is given, and adds it to `told`. */
export function streamInto(
  told: string[],
): Pick<LiveSession, "route" | "carriesHooks" | "say" | "interrupt"> {
  return {
    ...{ route: "stream-json", carriesHooks: false },
    async say(text) {
      told.push(text);
      return "queued";
    },
    interrupt: () => Promise.resolve(true),
  };
}
export const openStream = streamInto([]);

/** The hook that Claude tells by this payload. */
export function hookOf(payload: object) {
  const hook = claude.session?.hooks?.read(payload);
  if (hook === undefined) throw new Error("this is no hook that cliai uses");
  return hook;
}

export interface Hosted extends AsyncDisposable {
  readonly session: Host;
  readonly dir: TempDir;
  hook(name: string, fields?: object): Promise<unknown>;
  /** The states of the command that was sent last, as the server has them. */
  states(): readonly string[];
  send(type: "task" | "pause" | "resume" | "stop", more?: object): Promise<string>;
  statesOnce(...wanted: string[]): Promise<void>;
  /** Its stream shows that its model has been given the task, and has answered. */
  answered(commandId: string): void;
}

export async function host(test: TestServer, more: Partial<SessionOptions> = {}): Promise<Hosted> {
  const { session: cli } = claude;
  if (cli === undefined) throw new Error("Claude has a session");
  const dir = await tempDir();
  const session = startHost({
    agentId: id,
    url: test.nats.url,
    instanceId: crypto.randomUUID(),
    heartbeatIntervalS: 15,
    facts: {
      ...{ config_name: "demo", project_path: dir.path, host: "here", pid: 42 },
      agent_cli_version: "2.1.330",
    },
    cli,
    stopApproval: undefined,
    permissions: "cli",
    holdMs: 60_000,
    now: () => new Date(),
    createId: () => crypto.randomUUID(),
    log: silentLogger,
    ...more,
  });
  let sent: string | undefined;
  const states = () => {
    const commands = test.server.fleet.get(id)?.commands ?? [];
    const last =
      sent === undefined ? commands.at(-1) : commands.find(({ command_id }) => command_id === sent);
    return last?.receipts.map(({ state }) => state) ?? [];
  };
  await waitFor(() => test.server.fleet.get(id)?.axes.link.value === "online", { what: "ada is online" });
  return {
    session,
    dir,
    states,
    hook: (hook_event_name, fields = {}) => session.hook({ hook_event_name, session_id: "s1", ...fields }),
    async send(type, more = {}) {
      const order = { id, type, from: "eve", ...(type === "task" ? { text: "dig" } : {}), ...more };
      sent = (await test.server.sendCommand(order)).command_id;
      return sent;
    },
    async statesOnce(...wanted) {
      const is = () => states().join() === wanted.join();
      await waitFor(is, { what: wanted.join(), saw: states });
    },
    answered(commandId) {
      session.takeSign({ type: "taken", text: `[cliai task ${commandId}] dig` });
      session.takeSign({ type: "answer" });
    },
    async [Symbol.asyncDispose]() {
      await session.end({ how: "the test is over" });
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** A host with a server of its own. */
export interface HostedAlone extends Hosted, Pick<TestServer, "nats" | "bus" | "server"> {
  /** Its session takes the prompt `begin`. */
  begin(): Promise<void>;
  /** Until the last command has the receipts `stored`, `delivered` and these, and no other. */
  receipts(...further: string[]): Promise<void>;
  /** Pauses it. Resolves when that is applied, with a tool call that is held. */
  heldByPause(): Promise<{ readonly call: Promise<unknown> }>;
  axes(): AgentView["axes"] | undefined;
  outcomes(): Record<string, string>;
  /** Ends the session; its server stays. */
  end(): Promise<void>;
}

export async function startHosted(more: Partial<SessionOptions> = {}): Promise<HostedAlone> {
  await using starting = new AsyncDisposableStack();
  const test = starting.use(await startTestServer());
  const ada = await host(test, more);
  const parts = starting.move();
  let ended: Promise<void> | undefined;
  const dispose = async () => await ada[Symbol.asyncDispose]();
  const end = () => {
    ended ??= dispose();
    return ended;
  };
  parts.defer(end);
  const { nats, bus, server } = test;
  return {
    ...ada,
    ...{ nats, bus, server, end },
    async begin() {
      await ada.hook("UserPromptSubmit", { prompt: "begin" });
    },
    receipts: (...further) => ada.statesOnce("stored", "delivered", ...further),
    async heldByPause() {
      await ada.send("pause");
      await ada.statesOnce("stored", "delivered", "injected");
      const call = ada.hook("PreToolUse", tool);
      await ada.statesOnce("stored", "delivered", "injected", "applied");
      return { call };
    },
    axes: () => server.fleet.get(id)?.axes,
    outcomes: () => outcomes(test),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** A CLI that ends when it is asked to. */
export function fakeCli(): {
  readonly process: CliProcess;
  readonly signals: string[];
  end(how: string): void;
} {
  const ended = Promise.withResolvers<string>();
  const signals: string[] = [];
  const process: CliProcess = {
    async end() {
      signals.push("SIGTERM");
      ended.resolve("exit code 143");
    },
    ended: ended.promise,
  };
  return { process, signals, end: ended.resolve };
}

/** What became last of each of the agent's commands, and in which words. */
export function outcomes({ server }: TestServer): Record<string, string> {
  const commands = server.fleet.get(id)?.commands ?? [];
  return Object.fromEntries(
    commands.map(({ command_id, receipts }) => {
      const { state, detail } = receipts.at(-1) ?? {};
      return [command_id, `${state}: ${detail}`];
    }),
  );
}

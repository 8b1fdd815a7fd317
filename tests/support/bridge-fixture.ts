// A bridge of a test: its streams, the real MCP client on them, what it says on NATS, and a server that answers its calls.
import { PassThrough } from "node:stream";
import { Client } from "@modelcontextprotocol/client";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { type Bridge, type BridgeOptions, startBridge } from "../../src/bridge/bridge.ts";
import { type AgentId, parseAgentId } from "../../src/domain/wire/agent-id.ts";
import type { Heartbeat, Receipt, StatusReport } from "../../src/domain/wire/messages.ts";
import { agentSubject, everyToolCallSubject, parseToolCallSubject } from "../../src/domain/wire/subjects.ts";
import type { ToolCall } from "../../src/domain/wire/tool-messages.ts";
import type { Logger } from "../../src/log.ts";
import type { Bus, BusMessage } from "../../src/nats/bus.ts";
import { waitFor } from "./wait-for.ts";

export type Era = "legacy" | "modern";

export interface TestBridge extends AsyncDisposable {
  readonly id: AgentId;
  readonly bridge: Bridge;
  readonly stdin: PassThrough;
  /** Every line of stdout so far. */
  readonly lines: readonly string[];
  /** Every line of the log so far: level and text. */
  readonly logged: readonly string[];
  /** Writes one line to the bridge, as it is. */
  write(line: string): void;
  /** Writes one JSON-RPC message and waits for the answer with its id. */
  ask(message: {
    readonly id: number | string;
    readonly method: string;
    readonly params?: object;
  }): Promise<Answer>;
  /** Connects the MCP SDK's client. */
  connect(era?: Era): Promise<Client>;
}

export interface Answer {
  readonly id: number | string | null;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

export type TestBridgeOptions = { readonly url: string; readonly id?: string } & Partial<
  Omit<BridgeOptions, "agentId">
>;

export function startTestBridge(options: TestBridgeOptions): TestBridge {
  const { id: idText = "ada", ...rest } = options;
  const id = parseAgentId(idText);
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const lines = collectLines(stdout);
  const logged: string[] = [];
  let count = 0;
  const bridge = startBridge({
    agentId: id,
    heartbeatIntervalS: 15,
    stdin,
    stdout,
    facts: { config_name: "demo", project_path: "/project", host: "here", pid: 42, session_id: "s-1" },
    version: "0.0.0-test",
    log: createCollectingLogger(logged),
    now: () => new Date(),
    createId: () => `${idText}-${crypto.randomUUID()}-${++count}`,
    ...rest,
  });
  const clients: Client[] = [];
  return {
    id,
    bridge,
    stdin,
    lines,
    logged,
    write: (line) => void stdin.write(`${line}\n`),
    async ask(message) {
      stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
      const find = () =>
        lines.map((line) => JSON.parse(line) as Answer).find((answer) => answer.id === message.id);
      return await waitFor(find, { what: `the answer to ${message.method}`, saw: () => lines });
    },
    async connect(era = "legacy") {
      const client = new Client(
        { name: "test-cli", version: "1.2.3" },
        era === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {},
      );
      // The SDK's server transport reads one stream and writes another: for a client it does the same.
      await client.connect(new StdioServerTransport(stdout, stdin, { maxBufferSize: 64 * 1024 * 1024 }));
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      await bridge.shutdown("signal");
      for (const client of clients) await client.close();
    },
  };
}

function collectLines(stdout: PassThrough): string[] {
  const lines: string[] = [];
  let rest = "";
  stdout.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString("utf8")).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  return lines;
}

function createCollectingLogger(logged: string[]): Logger {
  const at = (level: string) => (text: string) => void logged.push(`${level} ${text}`);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export interface Heard {
  readonly heartbeats: Heartbeat[];
  readonly statuses: StatusReport[];
  readonly receipts: Receipt[];
}

/** Collects what one agent says on NATS, from now on. */
export async function listenTo(bus: Bus, id: string): Promise<Heard> {
  const heard: Heard = { heartbeats: [], statuses: [], receipts: [] };
  const collect = (topic: "heartbeat" | "status" | "receipt", into: unknown[]) =>
    bus.subscribe(agentSubject(parseAgentId(id), topic), ({ data }) => {
      into.push(JSON.parse(new TextDecoder().decode(data)));
    });
  collect("heartbeat", heard.heartbeats);
  collect("status", heard.statuses);
  collect("receipt", heard.receipts);
  await bus.flush();
  return heard;
}

export interface Call extends ToolCall {
  readonly from: AgentId | undefined;
  readonly message: BusMessage;
}

/** Answers the tool calls of every bridge, in the place of `serve`; collects them. No answer where `answer` gives none. */
export async function answerCalls(
  bus: Bus,
  answer: (call: Call) => unknown | Promise<unknown>,
): Promise<{ readonly calls: Call[]; stop(): void }> {
  const calls: Call[] = [];
  const stop = bus.subscribe(everyToolCallSubject, async (message) => {
    const body = JSON.parse(new TextDecoder().decode(message.data)) as ToolCall;
    const call = { ...body, from: parseToolCallSubject(message.subject), message };
    calls.push(call);
    const response = await answer(call);
    if (response !== undefined) message.reply(response);
  });
  await bus.flush();
  return { calls, stop };
}

/** The text of a tool's result. */
export function textOf(result: unknown): string {
  const { content } = result as { content: { type: string; text: string }[] };
  return content.map(({ text }) => text).join("\n");
}

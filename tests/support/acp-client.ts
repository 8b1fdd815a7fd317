// The official ACP client on an agent of a test: the loop in this process, or a program. It keeps what the agent tells, and answers its
// permissions as the test says.
import { PassThrough, Readable, Writable } from "node:stream";
import {
  type ClientConnection,
  client,
  type McpServerStdio,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type PromptResponse,
  type RequestPermissionRequest,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import { waitFor } from "./wait-for.ts";

export interface AcpPipes {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

/** Returns the id of an option; undefined if the client is never to answer. */
export type PermissionAnswer = (asked: RequestPermissionRequest) => string | Promise<string> | undefined;

export interface AcpTestClient extends AsyncDisposable {
  readonly agent: ClientConnection["agent"];
  readonly updates: readonly SessionUpdate[];
  readonly asked: readonly RequestPermissionRequest[];
  /** Opens a session in the folder. */
  open(cwd: string, mcpServers?: readonly McpServerStdio[]): Promise<string>;
  prompt(sessionId: string, text: string): Promise<PromptResponse>;
  cancel(sessionId: string): Promise<void>;
  /** All that the agent has said so far, put together. */
  said(): string;
  thought(): string;
  /** The last state of each call, by its title, in order. */
  calls(): readonly { readonly title: string; readonly status: string; readonly result: string }[];
  waitFor(what: string, check: () => unknown): Promise<void>;
}

/** Connects, and does the handshake. */
export async function connectAcpClient(
  { stdin, stdout }: AcpPipes,
  answer: PermissionAnswer = () => "once",
): Promise<AcpTestClient> {
  const updates: SessionUpdate[] = [];
  const asked: RequestPermissionRequest[] = [];
  const connection = client({ name: "test" })
    .onNotification(methods.client.session.update, ({ params }) => void updates.push(params.update))
    .onRequest(methods.client.session.requestPermission, async ({ params }) => {
      asked.push(params);
      const optionId = await (answer(params) ?? Promise.withResolvers<string>().promise);
      return { outcome: { outcome: "selected" as const, optionId } };
    })
    .connect(
      ndJsonStream(
        Writable.toWeb(stdin) as WritableStream<Uint8Array>,
        Readable.toWeb(stdout) as unknown as ReadableStream<Uint8Array>,
      ),
    );
  const { agent } = connection;
  await agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: {},
  });
  const words = (kind: "agent_message_chunk" | "agent_thought_chunk") =>
    updates
      .flatMap((update) =>
        update.sessionUpdate === kind && update.content.type === "text" ? [update.content.text] : [],
      )
      .join("");
  return {
    ...{ agent, updates, asked },
    async open(cwd, mcpServers = []) {
      const { sessionId } = await agent.request(methods.agent.session.new, {
        cwd,
        mcpServers: [...mcpServers],
      });
      return sessionId;
    },
    prompt: (sessionId, text) =>
      agent.request(methods.agent.session.prompt, { sessionId, prompt: [{ type: "text", text }] }),
    cancel: (sessionId) => agent.notify(methods.agent.session.cancel, { sessionId }),
    said: () => words("agent_message_chunk"),
    thought: () => words("agent_thought_chunk"),
    calls() {
      const calls = new Map<string, { title: string; status: string; result: string }>();
      for (const update of updates) {
        if (update.sessionUpdate !== "tool_call" && update.sessionUpdate !== "tool_call_update") continue;
        const call = calls.get(update.toolCallId) ?? { title: "", status: "", result: "" };
        call.title = update.title ?? call.title;
        call.status = update.status ?? call.status;
        if (typeof update.rawOutput === "string") call.result = update.rawOutput;
        calls.set(update.toolCallId, call);
      }
      return [...calls.values()];
    },
    async waitFor(what, check) {
      await waitFor(check, { what, saw: () => updates.slice(-5) });
    },
    async [Symbol.asyncDispose]() {
      connection.close();
      stdin.end();
      await connection.closed.catch(() => undefined);
    },
  };
}

/** Two pipes: one end for the agent, the other one for the client. */
export function pipePair(): { readonly agent: AcpPipes; readonly client: AcpPipes } {
  const [toAgent, toClient] = [new PassThrough(), new PassThrough()];
  return {
    agent: { stdin: toClient, stdout: toAgent },
    client: { stdin: toAgent, stdout: toClient },
  };
}

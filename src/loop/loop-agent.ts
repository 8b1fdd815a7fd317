// This room is an ACP agent of our own, which works on a local model server (`cliai loop`), and nothing else.
//
// The agent side of ACP, protocol version 1: it takes sessions and prompts, and sends updates and permission requests.
import { Readable, Writable } from "node:stream";
import {
  agent,
  type ContentBlock,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type PromptResponse,
  RequestError,
} from "@agentclientprotocol/sdk";
import { CliaiError } from "../domain/text/errors.ts";
import type { PromptEnd } from "./loop-session.ts";
import { isPermissionMode, permissionModeNames } from "./permission.ts";
import { createSessionDesk, type SessionDeskOptions } from "./session-desk.ts";

export interface LoopOptions extends SessionDeskOptions {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

export interface LoopAgent {
  /** Resolves when the client has closed the connection, or `end` was called, and every session has ended. */
  readonly ended: Promise<void>;
  /** Ends all turns and MCP servers. */
  end(): void;
}

export function startLoopAgent(options: LoopOptions): LoopAgent {
  const { stdin, stdout, version } = options;
  const desk = createSessionDesk(options);
  const { session } = methods.agent;
  const app = agent({ name: "cliai-loop" })
    .onRequest(methods.agent.initialize, ({ params: { clientInfo, clientCapabilities } }) => {
      const hasNotices = clientCapabilities?.session?.notices != null;
      desk.meet({ isHost: clientInfo?.name === "cliai", hasNotices });
      return {
        protocolVersion: PROTOCOL_VERSION,
        agentInfo: { name: "cliai-loop", title: "cliai loop", version },
        authMethods: [],
        agentCapabilities: {
          loadSession: true,
          promptCapabilities: { embeddedContext: true },
          sessionCapabilities: { list: {}, resume: {}, close: {} },
        },
      };
    })
    .onRequest(session.new, ({ params, client }) => inWords(() => desk.create(params, client)))
    .onRequest(session.load, ({ params, client }) => inWords(() => desk.resume(params, client, true)))
    .onRequest(session.resume, ({ params, client }) => inWords(() => desk.resume(params, client, false)))
    .onRequest(session.list, async ({ params }) => ({ sessions: [...(await desk.list(params.cwd))] }))
    .onRequest(session.close, async ({ params }) => {
      await desk.close(params.sessionId);
      return {};
    })
    .onRequest(session.setMode, ({ params: { sessionId, modeId } }) => {
      const found = desk.find(sessionId);
      if (!isPermissionMode(modeId)) {
        throw RequestError.invalidParams({ modes: permissionModeNames }, `there is no mode "${modeId}"`);
      }
      found.mode = modeId;
      return {};
    })
    .onRequest(session.prompt, ({ params: { sessionId, prompt } }) =>
      inWords(async () => promptResponse(await desk.find(sessionId).prompt(prompt.map(textOf).join("\n")))),
    )
    .onNotification(session.cancel, ({ params }) => desk.find(params.sessionId).cancel());

  const connection = app.connect(
    ndJsonStream(
      Writable.toWeb(stdout) as WritableStream<Uint8Array>,
      Readable.toWeb(stdin) as unknown as ReadableStream<Uint8Array>,
    ),
  );
  const ended = connection.closed
    .catch(() => undefined) // a broken pipe: the client has gone
    .then(() => desk[Symbol.asyncDispose]());
  return { ended, end: () => connection.close() };
}

/** With the figures of the whole turn, under the name that ACP's next version has for them. */
function promptResponse({ reason, usage: { input, output, cached } }: PromptEnd): PromptResponse {
  const usage = {
    totalTokens: input + output,
    inputTokens: input,
    outputTokens: output,
    cachedReadTokens: cached,
  };
  return { stopReason: reason, ...{ usage } };
}

/** Puts an error with its hint into the message for the client, because most clients show nothing else of an error. */
async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CliaiError)) throw error;
    const { code, message, hint } = error;
    throw new RequestError(-32_603, hint === undefined ? message : `${message}\nhint: ${hint}`, {
      code,
      hint,
    });
  }
}

function textOf(block: ContentBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "resource_link":
      return `[${block.name}: ${block.uri}]`;
    case "resource":
      return "text" in block.resource
        ? `${block.resource.uri}:\n${block.resource.text}`
        : `[${block.resource.uri} is no text]`;
    default:
      throw RequestError.invalidParams({ type: block.type }, `a prompt cannot hold ${block.type}`);
  }
}

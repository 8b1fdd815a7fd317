// The connection to an ACP agent over its pipes. The official SDK does the JSON-RPC; what the messages mean is read elsewhere.
import { Readable, Writable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import { pause } from "../../../waiting.ts";
import type { SessionPipes } from "../../live-session.ts";

/** What the agent asks for or tells. */
export interface AcpHandlers {
  /** The update of a session. Called in order. */
  onUpdate(params: unknown): void;
  /** Answers a request of the agent. Undefined: cliai does not know the method. */
  onRequest(method: string, params: unknown): Promise<object> | undefined;
}

export interface AcpConnection {
  /**
   * Resolves with the result. @throws AcpError; CliaiError `failed` if the agent has ended; the SDK's MessageTooLargeError if the agent has
   * sent more in one message than the connection takes: the connection is over then
   */
  request(method: string, params: object): Promise<unknown>;
  notify(method: string, params: object): Promise<void>;
}

/** The agent has answered a request with an error. */
export class AcpError extends Error {
  override readonly name = "AcpError";
  readonly code: number;
  readonly data: unknown;
  constructor(message: string, code: number, data: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** Loads the SDK only here, so that a run without an ACP agent never loads it. */
export async function connectAcp(
  { stdin, stdout }: Pick<SessionPipes, "stdin" | "stdout">,
  { onUpdate, onRequest }: AcpHandlers,
): Promise<AcpConnection> {
  const sdk = await import("@agentclientprotocol/sdk");
  // Ignored, because the end of the process is noticed elsewhere.
  stdin.on("error", () => undefined);
  const input = Readable.toWeb(stdout) as ReadableStream<Uint8Array>;
  const stream = sdk.ndJsonStream(
    Writable.toWeb(stdin) as WritableStream<Uint8Array>,
    input as unknown as globalThis.ReadableStream<Uint8Array>,
  );
  const asIs = (params: unknown) => params;
  const { agent } = sdk
    .client({ name: "cliai" })
    .onNotification(sdk.methods.client.session.update, asIs, ({ params }) => onUpdate(params))
    .onNotification("*", () => undefined)
    .onRequest(sdk.methods.client.session.requestPermission, asIs, ({ method, params }) =>
      answer(method, params),
    )
    .onRequest("*", ({ method, params }) => answer(method, params))
    .connect(stream);
  const answer = async (method: string, params: unknown): Promise<object> => {
    await untilHandled();
    const answered = onRequest(method, params);
    if (answered === undefined) throw sdk.RequestError.methodNotFound(method);
    return await answered;
  };
  return {
    async request(method, params) {
      try {
        return await agent.request<unknown, object>(method, params);
      } catch (cause) {
        if (cause instanceof sdk.RequestError) throw new AcpError(cause.message, cause.code, cause.data);
        if (cause instanceof sdk.MessageTooLargeError) throw cause;
        throw new CliaiError("failed", `the agent does not answer ${method}: ${messageOf(cause)}`, { cause });
      } finally {
        await untilHandled();
      }
    },
    notify: (method, params) => agent.notify(method, params),
  };
}

/** SDK 2.4.0 handles each message on its own. After the next round of the event loop, the messages that came before this one are handled. */
async function untilHandled(): Promise<void> {
  await pause(0);
}

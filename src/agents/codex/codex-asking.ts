// Asks the host what Codex asks its client, and answers Codex. Measured with 0.171.0.
import { messageOf } from "../../domain/text/errors.ts";
import { createOpenRequests, type OpenRequests, type OpenRequestsOptions } from "../open-requests.ts";
import type { CodexClient, RequestId } from "./app-server/codex-client.ts";
import type { CodexReader } from "./codex-reader.ts";
import { readRequest } from "./codex-requests.ts";

export interface Asking extends Pick<OpenRequests, "answered" | "withdrawAll"> {
  /** Takes a request of Codex. */
  take(id: RequestId, method: string, params: unknown): void;
}

export interface AskingOptions extends OpenRequestsOptions {
  readonly client: Pick<CodexClient, "answer" | "call" | "refuse">;
  /** The reader of the session; undefined before the thread is open. */
  readonly reader: () => Pick<CodexReader, "itemOf" | "subagentOf" | "turnOf"> | undefined;
}

export function createAsking({ client, reader, ...options }: AskingOptions): Asking {
  const { ask, answered, withdrawAll } = createOpenRequests(options);
  const { log } = options;
  const tellReason = async (threadId: string, reason: string) => {
    const turn = reader()?.turnOf(threadId);
    if (turn === undefined) return;
    const input = inputOf(`[cliai] The request was refused: ${reason}`);
    await client
      .call("turn/steer", { threadId, expectedTurnId: turn, input })
      .catch((error: unknown) => log.info(`the reason of a refusal: ${messageOf(error)}`));
  };
  return {
    answered,
    withdrawAll,
    take(id, method, params) {
      const session = reader();
      const asked = session && readRequest(method, params, session.itemOf);
      if (asked === undefined) {
        log.info(`codex asks for something that cliai does not answer: ${method}`);
        return client.refuse(id, `cliai does not answer ${method}`);
      }
      ask(String(id), asked.hook(session?.subagentOf(asked.threadId)), async (answer) => {
        const reply = asked.reply(answer);
        if (reply === undefined) return;
        // Said first, so that the model reads the reason with the refusal.
        const isRefused = answer.type === "forbid" || answer.type === "deny";
        const reason = isRefused ? answer.reason : asked.misfit?.(answer);
        if (asked.isWordless && reason !== undefined) await tellReason(asked.threadId, reason);
        client.answer(id, reply);
      });
    },
  };
}

/** A text, as the parameter `input` of a turn. */
export function inputOf(text: string): object[] {
  return [{ type: "text", text, text_elements: [] }];
}

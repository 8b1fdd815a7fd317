// Asks the host what OpenCode asks its user, and replies to OpenCode with the answer. Measured with 1.18.33.
import { createOpenRequests, type OpenRequests, type OpenRequestsOptions } from "../open-requests.ts";
import type { OpencodeClient } from "./opencode-client.ts";
import type { OpencodePermission, OpencodeQuestion } from "./opencode-events.ts";
import {
  type AskedBy,
  permissionHook,
  permissionReply,
  questionHook,
  questionReply,
} from "./opencode-requests.ts";

export interface Asking extends Pick<OpenRequests, "answered" | "open" | "withdrawAll"> {
  /** Asks the host only once, even if it is called again for the same request. */
  askPermission(asked: OpencodePermission, by: AskedBy): void;
  askQuestion(asked: OpencodeQuestion, subagent: string | undefined): void;
}

export interface AskingOptions extends OpenRequestsOptions {
  readonly client: Pick<OpencodeClient, "call">;
}

export function createAsking({ client, ...options }: AskingOptions): Asking {
  const { ask, answered, open, withdrawAll } = createOpenRequests(options);
  return {
    ...{ answered, open, withdrawAll },
    askPermission(asked, by) {
      const path = `/permission/${asked.id}/reply`;
      ask(asked.id, permissionHook(asked, by), async (answer) => {
        const reply = permissionReply(answer);
        if (reply !== undefined) await client.call("POST", path, reply);
      });
    },
    askQuestion(asked, subagent) {
      const path = `/question/${asked.id}/reply`;
      ask(asked.id, questionHook(asked, subagent), async (answer) => {
        const answers = questionReply(asked, answer);
        if (answers !== undefined) await client.call("POST", path, { answers });
      });
    },
  };
}

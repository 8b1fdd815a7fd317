// Notices that the session's user has begun another conversation in the same CLI. The model then has nothing of what it was told before, so
// the tasks that it had have failed: no later turn can be about them.
import type { Hook } from "../../domain/hook.ts";
import type { OpenTasks } from "../hear/open-tasks.ts";
import type { Delivery } from "./delivery.ts";

export interface ConversationWatch {
  note(hook: Hook): void;
}

export interface ConversationWatchOptions {
  readonly delivery: Pick<Delivery, "leaveConversation">;
  readonly tasks: Pick<OpenTasks, "fail">;
}

export function createConversationWatch({ delivery, tasks }: ConversationWatchOptions): ConversationWatch {
  /** The session in which the conversation is. */
  let current: string | undefined;
  return {
    note({ facts: { kind, session_id, detail = "" }, isSubagent }) {
      if (isSubagent || session_id === undefined) return;
      const before = current;
      // Only `session_start` begins a new session here, because a late hook of the session before may come after it.
      if (before === undefined || kind === "session_start") current = session_id;
      if (before === undefined || before === current) return;
      const how = detail === "" ? "" : ` (${detail})`;
      tasks.fail(delivery.leaveConversation(), `the session ended: another one has begun in its place${how}`);
    },
  };
}

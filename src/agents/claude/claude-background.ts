// Reads what runs in the background of a session of Claude Code: shells and subagents, from the lists of its hook `Stop` and of its
// stream. Measured with 2.1.330.
import * as v from "valibot";
import type { BackgroundTask } from "../../domain/hook.ts";
import { redact } from "../../domain/text/redact.ts";

const text = v.optional(v.fallback(v.optional(v.string()), undefined));
/** An item of a hook's `background_tasks`. */
const HookTaskSchema = v.looseObject({ id: v.string(), type: text, status: text, description: text });
/** An item of the stream's line `system`, `background_tasks_changed`. */
const StreamTaskSchema = v.looseObject({ task_id: v.string(), task_type: text, description: text });

const typeOf = new Map<string | undefined, BackgroundTask["type"]>([
  ["shell", "shell"],
  ["local_bash", "shell"],
  ["subagent", "subagent"],
  ["local_agent", "subagent"],
]);
const descriptionLength = 200;

/** @param list from a hook or from the stream; items of another shape are left out */
export function readBackgroundTasks(list: readonly unknown[]): BackgroundTask[] {
  return list.flatMap((each) => {
    const ofHook = v.safeParse(HookTaskSchema, each);
    if (ofHook.success) {
      const { id, type, status, description } = ofHook.output;
      return status === undefined || status === "running" || status === "pending"
        ? [buildTask(id, type, description)]
        : [];
    }
    const ofStream = v.safeParse(StreamTaskSchema, each);
    if (!ofStream.success) return [];
    const { task_id, task_type, description } = ofStream.output;
    return [buildTask(task_id, task_type, description)];
  });
}

function buildTask(id: string, type: string | undefined, description: string | undefined): BackgroundTask {
  return {
    ...{ id, type: typeOf.get(type) ?? "task" },
    ...(description === undefined ? {} : { description: redact(description).slice(0, descriptionLength) }),
  };
}

/** The notification that tells the model of a task's end. A notification of a task that still runs has another status. */
const endedPattern =
  /<task-notification>[\s\S]*?<task-id>([^<]+)<\/task-id>[\s\S]*?<status>(?:completed|failed|killed|stopped)<\/status>/;

/** Returns the id of the task whose end the notification tells; undefined if it tells none. */
export function readTaskEnd(words: string): string | undefined {
  return endedPattern.exec(words)?.[1];
}

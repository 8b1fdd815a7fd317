// What runs in the background of a session of Claude Code: shells and subagents that its hook `Stop` and its stream list.
// Measured with 2.1.330.
import * as v from "valibot";
import type { BackgroundTask } from "../../domain/hook.ts";
import { redact } from "../../domain/text/redact.ts";

const text = v.optional(v.fallback(v.optional(v.string()), undefined));
/** Of `background_tasks` of a hook. */
const HookTaskSchema = v.looseObject({ id: v.string(), type: text, status: text, description: text });
/** Of `system`, `background_tasks_changed` of the stream. */
const StreamTaskSchema = v.looseObject({ task_id: v.string(), task_type: text, description: text });

const typeOf = new Map<string | undefined, BackgroundTask["type"]>([
  ["shell", "shell"],
  ["local_bash", "shell"],
  ["subagent", "subagent"],
  ["local_agent", "subagent"],
]);
const descriptionLength = 200;

/** @param list of a hook or of the stream; what is no task in it is left out */
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

/** How the session's model is told that one has ended; of one that goes on there are notifications too. */
const endedPattern =
  /<task-notification>[\s\S]*?<task-id>([^<]+)<\/task-id>[\s\S]*?<status>(?:completed|failed|killed|stopped)<\/status>/;

/** The id of the task that has ended, by the words of a notification; undefined where they say no such thing. */
export function readTaskEnd(words: string): string | undefined {
  return endedPattern.exec(words)?.[1];
}

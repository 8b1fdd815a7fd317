// Counts how often the same call of a tool fails: the same tool, and the same input as the event tells it. A success of that call, a file that any
// tool has changed, and a new run begin anew.
import { summaryOf } from "../text/summary.ts";
import type { AgentEvent } from "../wire/event-messages.ts";

export interface FailingCall {
  readonly tool: string;
  readonly input: string;
  readonly times: number;
}

export interface FailingCalls {
  take(event: AgentEvent): void;
  /** The call that has failed most often in this run; undefined if none has. */
  worst(ofRun: string | undefined): FailingCall | undefined;
}

/** More calls than any agent makes in turns without a success. */
const mostKept = 200;

export function createFailingCalls(): FailingCalls {
  let run: string | undefined;
  /** What calls were given, by their ids. */
  const inputs = new Map<string, string>();
  const failing = new Map<string, FailingCall>();
  const ended = ({ tool = "a tool", tool_use_id }: AgentEvent) => {
    const input = inputs.get(tool_use_id ?? tool) ?? "";
    inputs.delete(tool_use_id ?? tool);
    return { tool, input, key: `${tool}\n${input}` };
  };
  return {
    take(event) {
      const { kind, instance_id, tool = "a tool", tool_use_id, detail } = event;
      if (instance_id !== undefined && instance_id !== run) {
        run = instance_id;
        inputs.clear();
        failing.clear();
      }
      if (kind === "tool_start") keep(inputs, tool_use_id ?? tool, summaryOf(detail ?? ""));
      else if (kind === "tool_end") {
        const { key } = ended(event);
        if ((event.files ?? []).length > 0) failing.clear();
        else failing.delete(key);
      } else if (kind === "tool_failed") {
        const { tool, input, key } = ended(event);
        keep(failing, key, { tool, input, times: (failing.get(key)?.times ?? 0) + 1 });
      }
    },
    worst: (ofRun) =>
      ofRun !== run ? undefined : [...failing.values()].sort((one, other) => other.times - one.times)[0],
  };
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > mostKept && oldest !== undefined) map.delete(oldest);
}

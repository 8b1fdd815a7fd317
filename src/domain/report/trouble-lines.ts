// What went wrong for agents in a time, each kind of it once with its number. The ends of tasks are not among it: the tasks have them.
import { type AnyRecord, fieldsOf } from "../history/record-line.ts";
import { summaryOf } from "../text/summary.ts";
import { parseAgentSubject } from "../wire/subjects.ts";
import { recordEvidence } from "./evidence.ts";
import type { ReportFacts, TroubleLine } from "./report-lines.ts";

const eventWords: Readonly<Record<string, string>> = {
  tool_failed: "a tool failed",
  turn_failed: "its turn failed",
  tools_lost: "it lost cliai's tools",
};
const statusWords: Readonly<Record<string, string>> = {
  error: "it reported an error",
  crashed: "it crashed",
  failed_to_start: "it failed to start",
};

/** Oldest first, by the last time of each. */
export function troubleLines({ records }: Pick<ReportFacts, "records">): TroubleLine[] {
  const lines = new Map<string, TroubleLine>();
  for (const record of records) {
    const found = troubleOf(record);
    if (found === undefined) continue;
    // One failing tool fails in many words.
    const key = [found.agent_id, found.kind, found.kind === "tool_failed" ? "" : found.text].join("\n");
    const times = (lines.get(key)?.times ?? (lines.has(key) ? 1 : 0)) + 1;
    lines.delete(key);
    lines.set(key, times === 1 ? found : { ...found, times });
  }
  return [...lines.values()];
}

function troubleOf(record: AnyRecord): TroubleLine | undefined {
  const { id, topic } = parseAgentSubject(record.subject) ?? {};
  if (id === undefined) return undefined;
  const fields = fieldsOf(record);
  const text = (name: string) => (typeof fields[name] === "string" ? fields[name] : "");
  const line = (kind: string, words: string | undefined, ...more: readonly string[]) =>
    words === undefined
      ? undefined
      : {
          ...{ agent_id: id, at: record.at, kind },
          text: summaryOf([words, ...more.filter((part) => part !== "")].join(": ")),
          ...recordEvidence(record),
        };
  if (topic === "event") return line(text("kind"), eventWords[text("kind")], text("tool"), text("detail"));
  if (topic === "status") return line(text("status"), statusWords[text("status")], text("message"));
  return undefined;
}

// What was held in a time, and why: pauses, stops, and calls of tools that did not run.
import { definedOf } from "../defined.ts";
import type { AgentView } from "../fleet/agent-view.ts";
import { isHeldBack } from "../fleet/axes.ts";
import { type AnyRecord, fieldsOf } from "../history/record-line.ts";
import { commandText } from "../text/order-text.ts";
import { summaryOf } from "../text/summary.ts";
import type { Command } from "../wire/order-messages.ts";
import { parseAgentSubject } from "../wire/subjects.ts";
import { heldEvidence, recordEvidence } from "./evidence.ts";
import type { HeldLine, ReportFacts } from "./report-lines.ts";

const refusedKinds: ReadonlySet<unknown> = new Set(["tool_start_refused", "tool_denied"]);

const declined: ReadonlySet<unknown> = new Set(["failed", "refused", "expired"]);

/** Oldest first; of what happened several times, the last time. An order that was not carried out has held nothing. */
export function heldLines({ records, views }: Pick<ReportFacts, "records" | "views">): HeldLine[] {
  const lines = new Map<string, HeldLine>();
  const undone = new Set(records.filter(isDeclinedReceipt).map((record) => fieldsOf(record).command_id));
  for (const record of records) {
    const { id, topic } = parseAgentSubject(record.subject) ?? {};
    if (id === undefined) continue;
    const fields = fieldsOf(record);
    if (topic === "command" && typeof fields.command_id === "string" && undone.has(fields.command_id))
      continue;
    const by = typeof fields.from === "string" ? fields.from : undefined;
    const facts = { agent_id: id, at: record.at, ...recordEvidence(record) };
    if (topic === "command" && (fields.type === "pause" || fields.type === "stop")) {
      const why = summaryOf(commandText(record.message as Command));
      lines.set(`${id} ${record.seq}`, { ...facts, kind: fields.type, why, ...definedOf({ by }) });
    } else if (topic === "command" && fields.type === "resume") letGo(lines, id, record);
    else if (topic === "shutdown") {
      const why = typeof fields.reason === "string" ? summaryOf(fields.reason) : "";
      lines.set(`${id} ${record.seq}`, { ...facts, kind: "shutdown", why, ...definedOf({ by }) });
    } else if (topic === "event" && refusedKinds.has(fields.kind)) {
      const why = summaryOf(typeof fields.detail === "string" ? fields.detail : "");
      const key = `${id} refused ${why}`;
      const times = (lines.get(key)?.times ?? (lines.has(key) ? 1 : 0)) + 1;
      const tool = typeof fields.tool === "string" && fields.tool !== "" ? `${fields.tool}: ` : "";
      lines.delete(key);
      lines.set(key, { ...facts, kind: "refused", why: `${tool}${why}`, ...(times === 1 ? {} : { times }) });
    }
  }
  const all = [...lines.values()];
  const still = views.filter(
    ({ agent_id, axes }) =>
      isKeptBack(axes) && !all.some((line) => line.agent_id === agent_id && line.until === undefined),
  );
  return [...all, ...still.map(stillHeld)].sort((one, other) => (one.at < other.at ? -1 : 1));
}

function isDeclinedReceipt(record: AnyRecord): boolean {
  return parseAgentSubject(record.subject)?.topic === "receipt" && declined.has(fieldsOf(record).state);
}

/** Whether a pause is on its way, too. */
function isKeptBack(axes: AgentView["axes"]): boolean {
  return isHeldBack(axes) || axes.control.value === "pause_requested";
}

/** What was held before the time of the report, and is still. */
function stillHeld({ agent_id, axes: { control } }: AgentView): HeldLine {
  const at = control.at ?? "";
  return { agent_id, at, kind: "pause", why: summaryOf(control.reason), ...heldEvidence(agent_id) };
}

/** Ends the pauses of the agent that still last. */
function letGo(lines: Map<string, HeldLine>, id: string, { at }: AnyRecord): void {
  for (const [key, line] of lines) {
    if (line.agent_id === id && line.kind === "pause" && line.until === undefined)
      lines.set(key, { ...line, until: at });
  }
}

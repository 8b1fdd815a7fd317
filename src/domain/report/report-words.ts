// The words of the report's lines, for the page and for Markdown.
import { spanText } from "../text/moment.ts";
import { costText, tokensText } from "../usage.ts";
import type { AgentReport, DiffStat, HeldLine, QuestionLine, TaskLine, WorkReport } from "./report-lines.ts";

export function totalsText({ totals, agents }: WorkReport): string {
  const { tasks, done, failed, tokens, cost, cost_told_by, spenders } = totals;
  const ends = [done > 0 ? `${done} done` : "", failed > 0 ? `${failed} failed or refused` : ""];
  const ended = ends.filter((end) => end !== "").join(", ");
  const told = cost_told_by < spenders ? `, cost of ${cost_told_by} of ${spenders} agents` : "";
  const spent = `${cost === undefined ? "cost not told" : costText(cost)}, ${tokensText(tokens)} tokens${told}`;
  return [
    `${agents.length} ${agents.length === 1 ? "agent" : "agents"}`,
    `${tasks} ${tasks === 1 ? "task" : "tasks"}${ended === "" ? "" : ` (${ended})`}`,
    tokens === 0 ? "no tokens told" : spent,
  ].join(" · ");
}

/** "" if nothing was told. */
export function spentText({ tokens, cost }: Pick<AgentReport, "tokens" | "cost">): string {
  if (tokens === 0 && cost === undefined) return "";
  return `${cost === undefined ? "" : `${costText(cost)}, `}${tokensText(tokens)} tokens`;
}

/** "" if it is not known. */
export function diffText(diff: DiffStat | undefined): string {
  if (diff === undefined) return "";
  const { files, added, removed, base, shared_with = [] } = diff;
  if (files === 0) return `no change since ${base}`;
  const others = shared_with.length === 0 ? "" : `, with ${shared_with.join(", ")}`;
  return `${files} ${files === 1 ? "file" : "files"}, +${added} −${removed} since ${base}${others}`;
}

const endWords: Readonly<Record<string, string>> = {
  ...{ applied: "done", failed: "failed", refused: "refused", expired: "expired" },
  ...{ stored: "waits", delivered: "waits", injected: "given to it", seen: "in work" },
  launched: "launched with it",
};

export function taskEnd({ state, detail }: Pick<TaskLine, "state" | "detail">): string {
  const word = endWords[state] ?? state;
  return detail === undefined || detail === "" ? word : `${word}: ${detail}`;
}

const askVerbs: Readonly<Record<QuestionLine["kind"], string>> = {
  ...{ question: "asked", permission: "wanted permission", stop_approval: "wanted to stop" },
  budget: "reached its budget",
};

export function questionText({ kind, text, answer, by, state }: QuestionLine): string {
  const verb = askVerbs[kind];
  const who = by === undefined || answer?.includes(by) === true ? "" : ` (${by})`;
  const end = answer === undefined ? (state === "asked" ? "waits for an answer" : state) : `${answer}${who}`;
  return `${verb}: ${text} → ${end}`;
}

const heldVerbs: Readonly<Record<string, string>> = {
  ...{ pause: "was paused", stop: "was told to stop", shutdown: "was shut down", refused: "was refused" },
};

/** It follows the agent's id. */
export function heldText({ kind, why, by, until, at, times }: HeldLine): string {
  const who = by === undefined ? "" : ` by ${by}`;
  const lasted = until === undefined ? "" : ` for ${spanText((Date.parse(until) - Date.parse(at)) / 1_000)}`;
  const words = why === "" ? "" : `: ${why}`;
  return `${heldVerbs[kind] ?? kind}${who}${lasted}${words}${timesText(times)}`;
}

/** ` (3 times)`; "" for once. */
export function timesText(times: number | undefined): string {
  return times === undefined ? "" : ` (${times} times)`;
}

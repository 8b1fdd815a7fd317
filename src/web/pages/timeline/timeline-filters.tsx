/** @jsxImportSource hono/jsx */
// The filters of the timeline: their form, and the address of the page with them.
import { auditKinds } from "../../../domain/audit/audit-filter.ts";

/** What was typed into the filters. */
export type TimelineAsked = Readonly<Record<(typeof askedNames)[number], string>>;
export const askedNames = ["agent", "kind", "text", "since", "until", "failed"] as const;

/** The address of the page with these filters. */
export function addressOf(asked: TimelineAsked, before: number | undefined): string {
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ""));
  if (before !== undefined) query.set("before", String(before));
  return query.size === 0 ? "/timeline" : `/timeline?${query}`;
}

const kindNames: Readonly<Record<string, string>> = {
  tool_start: "calls of tools",
  tool: "calls of cliai's tools",
  tool_failed: "failed calls",
  said: "what agents said",
  prompt: "prompts",
  turn_end: "ends of turns",
};

interface FiltersProps {
  readonly asked: TimelineAsked;
  readonly agents: readonly string[];
}

export function Filters({ asked, agents }: FiltersProps) {
  const isFiltered = askedNames.some((name) => asked[name] !== "");
  return (
    <form method="get" action="/timeline" class="filters" aria-label="Filters">
      <label>
        Agent
        <input name="agent" list="known-agents" value={asked.agent} autocomplete="off" />
      </label>
      <datalist id="known-agents">
        {agents.map((agent) => (
          <option value={agent} />
        ))}
      </datalist>
      <label>
        Kind
        <select name="kind">
          <option value="">all</option>
          {auditKinds.map((kind) => (
            <option value={kind} selected={kind === asked.kind}>
              {kindNames[kind] ?? kind.replaceAll("_", " ")}
            </option>
          ))}
        </select>
      </label>
      <label class="wide">
        Text
        <input name="text" type="search" value={asked.text} />
      </label>
      <label>
        From
        <input name="since" value={asked.since} placeholder="2h, today, 2026-05-03" />
      </label>
      <label>
        Until
        <input name="until" value={asked.until} placeholder="now" />
      </label>
      <label class="check">
        <input name="failed" type="checkbox" value="1" checked={asked.failed !== ""} />
        Only failures
      </label>
      <button type="submit">Show</button>
      {isFiltered && (
        <a class="clear" href="/timeline">
          Clear
        </a>
      )}
    </form>
  );
}

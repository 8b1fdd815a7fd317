/** @jsxImportSource hono/jsx */
// This room holds the parts that several pages are made of.
//
// An agent's status as an icon and a word. The stylesheet gives the colours.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { attentionWordsOf, lookOf, statusTextOf } from "../../../domain/fleet/status-look.ts";
import { Icon } from "./icon.tsx";

export function StatusBadge({ view }: { view: AgentView }) {
  const { icon, tone } = lookOf(view.status);
  return (
    <span class={`status ${tone}`}>
      <Icon name={icon} />
      {statusTextOf(view)}
    </span>
  );
}

/** Why the agent needs attention; nothing if it does not, or if the badge already says it. */
export function AttentionLine({ view }: { view: AgentView }) {
  const { value, reason, hint } = view.axes.attention;
  const isOwnWord = value === "error" && view.axes.attention.source !== "session";
  const isSaidByBadge = isOwnWord && view.status === "error" && !view.said?.message;
  if (value === "none" || isSaidByBadge) return null;
  const isNamed = value === "refused" || value === "terminal";
  return (
    <>
      <p class="attention">{isNamed ? attentionWordsOf(view.axes) : reason}</p>
      {hint !== undefined && <p class="quiet">{hint}</p>}
    </>
  );
}

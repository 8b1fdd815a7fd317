/** @jsxImportSource hono/jsx */
// This room holds the parts that several pages are made of.
//
// An agent's state as an icon and a word; what colour they have is the stylesheet's.

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

/** Why somebody has to look; nothing when nobody has to, or when the badge says all there is to say. */
export function AttentionLine({ view }: { view: AgentView }) {
  const { value, reason, hint } = view.axes.attention;
  const isSaidByBadge = value === "error" && view.axes.attention.source !== "session" && !view.said?.message;
  if (value === "none" || isSaidByBadge) return null;
  const isNamed = value === "refused" || value === "terminal";
  return (
    <>
      <p class="attention">{isNamed ? attentionWordsOf(view.axes) : reason}</p>
      {hint !== undefined && <p class="quiet">{hint}</p>}
    </>
  );
}

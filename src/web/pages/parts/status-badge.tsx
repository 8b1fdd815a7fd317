/** @jsxImportSource hono/jsx */
// This room holds the parts that several pages are made of.
//
// An agent's badge, an icon and words: why it needs a person, or else its status. The stylesheet gives the colours.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { badgeOf } from "../../../domain/fleet/needs/badge.ts";
import { needWords } from "../../../domain/fleet/needs/need.ts";
import { attentionWordsOf } from "../../../domain/fleet/status-look.ts";
import { Icon } from "./icon.tsx";
import { UntilThen } from "./time.tsx";

export function StatusBadge({ view }: { view: AgentView }) {
  const { icon, tone, text } = badgeOf(view);
  return (
    <span class={`status ${tone}`}>
      <Icon name={icon} />
      {text}
    </span>
  );
}

/**
 * What the agent needs a person for, in a line each; the badge has the words for the first. For one that is held, why, and until when. Nothing if
 * it needs nobody.
 */
export function AttentionLine({ view, now }: { view: AgentView; now: Date }) {
  const { detail, until } = badgeOf(view);
  if (view.needs.length === 0 && (view.status === "held" || until !== undefined)) {
    return (
      <p class="quiet">
        {detail}
        {until !== undefined && <UntilThen at={until} now={now} />}
      </p>
    );
  }
  const beside = attentionWordsOf(view.axes);
  if (view.needs.length === 0) return beside === "" ? null : <p class="quiet">{beside}</p>;
  return (
    <>
      {view.needs.map(({ kind, reason, hint }, place) => (
        <>
          <p class="attention">
            {place > 0 && `${needWords(kind)}: `}
            {reason}
          </p>
          {hint !== undefined && <p class="quiet">{hint}</p>}
        </>
      ))}
    </>
  );
}

/** @jsxImportSource hono/jsx */
// The fleet as a strip: one cell an agent, always in the same place. Its height and its outline show what an agent does; the text beside it
// says the numbers, because a picture cannot be read aloud.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { badgeOf } from "../../../domain/fleet/needs/badge.ts";
import { countSections, countsText, sectionOf } from "../../../domain/fleet/shown/sections.ts";

/** From so many cells on, they are small: else the strip of a thousand agents fills the screen of a phone. */
const smallFrom = 300;

export function Strip({ views }: { views: readonly AgentView[] }) {
  return (
    <figure class="strip" id="strip">
      <div class={views.length < smallFrom ? "cells" : "cells many"} aria-hidden="true">
        {views.map((view) => (
          <StripCell view={view} />
        ))}
      </div>
      <StripText views={views} />
    </figure>
  );
}

export function StripCell({ view }: { view: AgentView }) {
  const { agent_id } = view;
  return (
    <i
      id={`cell-${agent_id}`}
      class={sectionOf(view)}
      data-goes={agent_id}
      title={`${agent_id}: ${badgeOf(view).text}`}
    />
  );
}

export function StripText({ views }: { views: readonly AgentView[] }) {
  return (
    <figcaption id="strip-text">
      <span class="unseen">
        {views.length} {views.length === 1 ? "agent" : "agents"} shown:{" "}
      </span>
      {countsText(countSections(views))}
    </figcaption>
  );
}

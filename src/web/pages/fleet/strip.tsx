/** @jsxImportSource hono/jsx */
// The fleet as a strip: one cell an agent, always in the same place. Its height and its outline show what an agent does; the text beside it
// says the numbers, because a picture cannot be read aloud.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { badgeOf } from "../../../domain/fleet/needs/badge.ts";
import { countSections, countsText, sectionOf } from "../../../domain/fleet/shown/sections.ts";

/** From so many cells on, they are small: else the strip of a thousand agents fills the screen of a phone. */
const smallFrom = 300;
/** So many small cells stand in one box, whose width in filter.css follows from it. If a cell changes, the browser paints its box alone anew. */
const cellsOfBox = 25;

export function Strip({ views }: { views: readonly AgentView[] }) {
  const isLarge = views.length >= smallFrom;
  return (
    <figure class="strip" id="strip">
      <div class={isLarge ? "cells many" : "cells"} aria-hidden="true">
        {isLarge ? (
          inBoxes(views).map((box) => (
            <span class="box">
              <Cells views={box} />
            </span>
          ))
        ) : (
          <Cells views={views} />
        )}
      </div>
      <StripText views={views} />
    </figure>
  );
}

function inBoxes(views: readonly AgentView[]): (readonly AgentView[])[] {
  const count = Math.ceil(views.length / cellsOfBox);
  return Array.from({ length: count }, (_, i) => views.slice(i * cellsOfBox, (i + 1) * cellsOfBox));
}

function Cells({ views }: { views: readonly AgentView[] }) {
  return (
    <>
      {views.map((view) => (
        <StripCell view={view} />
      ))}
    </>
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

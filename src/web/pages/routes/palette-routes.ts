// What the palette of the page knows of the agents: a few words each, so that a thousand are read at once.
import type { Hono } from "hono";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { isHeldBack } from "../../../domain/fleet/axes.ts";
import { badgeOf } from "../../../domain/fleet/needs/badge.ts";
import { shownFolder } from "../fleet/agent-card.tsx";
import type { PagesOptions } from "../show-page.tsx";

export function registerPaletteRoutes(pages: Hono, { server }: PagesOptions): void {
  pages.get("/palette", (c) => c.json({ agents: server.fleet.list().map(rowOf) }));
}

function rowOf(view: AgentView) {
  const { agent_id, project_path, tags, needs, axes } = view;
  return {
    id: agent_id,
    words: [badgeOf(view).text, shownFolder(project_path), ...tags].join(" · "),
    ...(needs.length > 0 ? { needs: true } : {}),
    ...(isHeldBack(axes) ? { paused: true } : {}),
    ...(axes.link.value !== "online" || axes.control.value === "stopped" ? { away: true } : {}),
  };
}

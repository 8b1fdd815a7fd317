/** @jsxImportSource hono/jsx */
// The page of an agent's terminal.
import type { Hono } from "hono";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";
import { TerminalPage } from "../terminal/terminal-page.tsx";

export function registerTerminalRoutes(pages: Hono, options: PagesOptions): void {
  const { server } = options;

  pages.get("/agents/:id/terminal", async (c) => {
    const view = server.fleet.require(c.req.param("id"));
    // A session without a terminal never answers.
    const isLooked = view.heartbeat?.session_mode !== "headless" && view.axes.link.value === "online";
    const screen = isLooked ? await server.screens.look(view.agent_id, 1_000) : undefined;
    return showPage(c, options, {
      title: `Terminal of ${view.agent_id}`,
      stream: streamOf(server, "terminal", `&agent=${view.agent_id}`),
      body: <TerminalPage view={view} screen={screen} />,
    });
  });
}

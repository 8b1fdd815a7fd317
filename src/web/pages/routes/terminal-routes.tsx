/** @jsxImportSource hono/jsx */
// The page of an agent's terminal, and the one on which a person types there.
import type { Hono } from "hono";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { allowStyles } from "../../access/guard.ts";
import { olderCount } from "../../api/terminal/screen-routes.ts";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";
import { TerminalPage } from "../terminal/terminal-page.tsx";
import { canType, TypePage } from "../terminal/type-page.tsx";

export function registerTerminalRoutes(pages: Hono, options: PagesOptions): void {
  const { server, now } = options;

  pages.get("/agents/:id/terminal", async (c) => {
    const view = server.fleet.require(c.req.param("id"));
    // A session without a terminal never answers.
    const isLooked = view.heartbeat?.session_mode !== "headless" && view.axes.link.value === "online";
    const screen = isLooked ? await server.screens.look(view.agent_id, 1_000) : undefined;
    const asked = olderCount(c.req.query("older"));
    const isOlder = asked > 0 && screen !== undefined;
    const older = isOlder ? await server.screens.older(view.agent_id, asked) : undefined;
    return showPage(c, options, {
      title: `Terminal of ${view.agent_id}`,
      stream: streamOf(server, "terminal", `&agent=${view.agent_id}`),
      body: <TerminalPage view={view} screen={screen} older={older} asked={asked} />,
    });
  });
  pages.get("/agents/:id/terminal/type", (c) => {
    const view = server.fleet.require(c.req.param("id"));
    return showPage(c, options, {
      title: `Type at the terminal of ${view.agent_id}`,
      stream: typingStreamOf(server, view),
      body: <TypePage view={view} now={now()} nonce={allowStyles(c)} />,
    });
  });
}

/** With a terminal, the stream of a seat there, which also updates the page: it is one connection. */
function typingStreamOf(server: PagesOptions["server"], view: AgentView): string {
  const stream = streamOf(server, "typing", `&agent=${view.agent_id}`);
  return canType(view) ? stream.replace("/events", `/api/agents/${view.agent_id}/typing`) : stream;
}

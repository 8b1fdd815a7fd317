/** @jsxImportSource hono/jsx */
// The address of the page on which commits, pushes and pull requests are confirmed.
import type { Context, Hono } from "hono";
import * as v from "valibot";
import type { GitState, GitWish } from "../../../domain/changes/git-state.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { checkMessage } from "../../../domain/wire/decode.ts";
import { signedBy } from "../../access/caller.ts";
import { commitFields, pushFields, requestFields } from "../../api/acts/changes-api.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { requireChanges } from "../../api/reports/changes-report.ts";
import { AgentFrame } from "../agent/agent-page.tsx";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";
import type { GitWords } from "./git-page.tsx";
import { type Problem, problemOf } from "./problem.ts";

export function registerGitRoutes(pages: Hono, options: PagesOptions): void {
  const { server, changes, now } = options;

  const look = async (view: AgentView): Promise<{ state: GitState | undefined; problem?: Problem }> => {
    try {
      return { state: await requireChanges(changes).look(view) };
    } catch (error) {
      return { state: undefined, problem: problemOf(error) };
    }
  };
  const show = async (c: Context, view: AgentView, more: Shown) => {
    const found = await look(view);
    const { GitPage } = await import("./git-page.tsx");
    return showPage(c, options, {
      title: `Commit and push changes of ${view.agent_id}`,
      stream: streamOf(server, "other"),
      body: (
        <AgentFrame view={view} requests={server.requests.all()} now={now()} tab="changes">
          <GitPage view={view} {...found} {...more} />
        </AgentFrame>
      ),
    });
  };

  pages.get("/agents/:id/changes/git", (c) =>
    show(c, server.fleet.require(c.req.param("id")), { words: {} }),
  );
  pages.post("/agents/:id/changes/git", async (c) => {
    const view = server.fleet.require(c.req.param("id"));
    const form = await readForm(c);
    try {
      const wish: GitWish = checkMessage(WishSchema, form);
      requireReady(server);
      const done = await requireChanges(changes).act(view, wish, signedBy(c, "page"));
      return await show(c, view, { ...done, words: {} });
    } catch (error) {
      const problem = problemOf(error);
      c.status(error instanceof CliaiError && error.code === "message_invalid" ? 400 : 409);
      // What was typed stays, also if it cannot be taken as it is.
      return await show(c, view, { problem, words: typedIn(form) });
    }
  });
}

function typedIn({ message, title, body }: Readonly<Record<string, unknown>>): GitWords {
  const text = (field: unknown) => (typeof field === "string" ? field : undefined);
  return { message: text(message), title: text(title), body: text(body) };
}

interface Shown {
  readonly words: GitWords;
  readonly problem?: Problem;
  readonly said?: string;
  readonly url?: string;
}

const WishSchema = v.variant(
  "act",
  [
    v.object({ act: v.literal("commit"), ...commitFields }),
    v.object({ act: v.literal("push"), ...pushFields }),
    v.object({ act: v.literal("pull_request"), ...requestFields }),
  ],
  "act must be commit, push or pull_request",
);

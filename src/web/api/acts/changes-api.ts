// Commits, pushes and pull requests of an agent's changes, for programs. As on the page, nothing is done but what was looked at: a program asks
// first what would be done, and gives back what it has seen. Only the operator's own token may do any of it.
import type { Hono } from "hono";
import * as v from "valibot";
import type { GitWish } from "../../../domain/changes/git-state.ts";
import { checkMessage, parseJson } from "../../../domain/wire/decode.ts";
import type { Server } from "../../../server/server.ts";
import { signedBy } from "../../access/caller.ts";
import { requireReady } from "../orders.ts";
import { type ChangesDesk, requireChanges } from "../reports/changes-report.ts";

const seen = v.pipe(
  v.string("what was seen is missing"),
  v.regex(/^[0-9a-f]{64}$/, "what was seen is no hash"),
);
const words = (what: string) =>
  v.pipe(
    v.string(`${what} is missing`),
    v.trim(),
    v.nonEmpty(`${what} is empty`),
    v.maxLength(50_000, `${what} is too long`),
  );

/** The fields of each act. */
export const commitFields = { seen, message: words("the message") };
export const pushFields = { seen };
export const requestFields = {
  seen,
  title: words("the title"),
  body: v.pipe(v.optional(v.string("the text is no text"), ""), v.maxLength(50_000, "the text is too long")),
};

const strict = <T extends v.ObjectEntries>(fields: T) =>
  v.strictObject(fields, (issue) =>
    issue.expected === "never" ? `unknown field ${issue.received}` : "the body must be a JSON object",
  );
export const CommitBodySchema = strict(commitFields);
export const PushBodySchema = strict(pushFields);
export const RequestBodySchema = strict(requestFields);

export interface ChangesApiOptions {
  readonly server: Server;
  readonly changes?: ChangesDesk | undefined;
}

export function registerChangesActs(api: Hono, { server, changes }: ChangesApiOptions): void {
  api.get("/api/agents/:id/changes", async (c) => {
    const view = server.fleet.require(c.req.param("id"));
    return c.json(await requireChanges(changes).look(view));
  });
  const register = (path: string, readWish: (body: unknown) => GitWish) =>
    api.post(`/api/agents/:id/changes/${path}`, async (c) => {
      const view = server.fleet.require(c.req.param("id"));
      const wish = readWish(parseJson(await c.req.text()));
      requireReady(server);
      const done = await requireChanges(changes).act(view, wish, signedBy(c, "api"));
      return c.json({ agent_id: view.agent_id, act: wish.act, ...done });
    });
  register("commit", (body) => ({ act: "commit", ...checkMessage(CommitBodySchema, body) }));
  register("push", (body) => ({ act: "push", ...checkMessage(PushBodySchema, body) }));
  register("pull-request", (body) => ({ act: "pull_request", ...checkMessage(RequestBodySchema, body) }));
}

// This room shows the terminals of agents over HTTP, and takes keys for them.
//
// What a terminal shows now, and keys for it from a program that does not watch it.
import type { Context, Hono } from "hono";
import * as v from "valibot";
import { type OlderPicture, type ShownScreen, textOfScreen } from "../../../domain/screen/picture.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { checkMessage, parseJson } from "../../../domain/wire/decode.ts";
import type { Server } from "../../../server/server.ts";
import { signedBy } from "../../access/caller.ts";
import type { StreamSource } from "../event-stream.ts";
import { requireReady } from "../orders.ts";
import { type Rotation, registerTyping } from "./typing-routes.ts";

export const mostOlderAtOnce = 1_000;

export const KeysBodySchema = v.strictObject(
  {
    keys: v.pipe(
      v.string("keys must be text"),
      v.nonEmpty("keys is empty"),
      v.maxLength(10_000, "keys is longer than 10,000 characters"),
    ),
    over: v.optional(v.boolean("over must be true or false")),
  },
  (issue) =>
    issue.expected === "never"
      ? `unknown field ${issue.received}`
      : "the body must be a JSON object with keys",
);

/** @param pageOf as of {@link registerTyping} */
export function registerScreen(
  api: Hono,
  server: Server,
  access: Rotation,
  pageOf: (c: Context) => StreamSource,
): void {
  registerTyping(api, server, access, pageOf);
  api.get("/api/agents/:id/screen", async (c) => {
    const { agent_id } = server.fleet.require(c.req.param("id"));
    const screen = await server.screens.look(agent_id);
    if (screen === undefined)
      throw new CliaiError("no_terminal", `no host shows a terminal of "${agent_id}"`, {
        hint: "an agent without a terminal has none, and neither has one that does not run",
      });
    const count = olderCount(c.req.query("older"));
    const older = count === 0 ? undefined : await server.screens.older(agent_id, count);
    return c.json({
      agent_id,
      ...screenJson(screen),
      ...(older !== undefined && { older: olderJson(older) }),
    });
  });
  api.post("/api/agents/:id/keys", async (c) => {
    const { agent_id } = server.fleet.require(c.req.param("id"));
    const body = checkMessage(KeysBodySchema, parseJson(await c.req.text()));
    requireReady(server);
    await server.screens.type(agent_id, { ...body, name: signedBy(c, "api") });
    return c.json({ agent_id, typed: true });
  });
}

/** How many rows that have left the screen are asked for. @throws CliaiError `message_invalid` */
export function olderCount(text: string | undefined): number {
  const count = Number(text ?? "0");
  if (Number.isInteger(count) && count >= 0 && count <= mostOlderAtOnce) return count;
  throw new CliaiError("message_invalid", `older "${text}" is no number of rows`, {
    hint: `0 to ${mostOlderAtOnce}: a host keeps no more`,
  });
}

function olderJson({ from, lines }: OlderPicture) {
  return { from, text: textOfScreen({ lines }), lines };
}

function screenJson({ columns, rows, cursor, above, typist, hasWindow, lines, run }: ShownScreen) {
  const text = textOfScreen({ lines });
  return {
    columns,
    rows,
    cursor,
    above,
    typist: typist?.name,
    has_window: hasWindow,
    instance_id: run,
    text,
    lines,
  };
}

// Sitting at an agent's terminal over HTTP: an event stream of what it shows, and the keyboard of whoever reads that stream. Another program or
// page cannot use the keyboard of a stream that it did not open: it needs the id of its seat, and the same name.
import type { Context, Hono } from "hono";
import * as v from "valibot";
import { keysActs, largestScreen, mostKeys } from "../../../domain/screen/screen-messages.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { harmless } from "../../../domain/text/harmless.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { checkMessage, parseJson } from "../../../domain/wire/decode.ts";
import { TokenSchema } from "../../../domain/wire/fields.ts";
import type { Seat } from "../../../server/screens/seat.ts";
import type { Server } from "../../../server/server.ts";
import type { AccessOptions } from "../../access/access.ts";
import { signedBy, whenVoid } from "../../access/caller.ts";
import { eventStream, type StreamSource } from "../event-stream.ts";
import { requireReady } from "../orders.ts";
import { joinSources } from "./joined-source.ts";
import { createTypingStream } from "./typing-stream.ts";

/** The shortest time between two writes. A host sends at most ten screens a second. */
const screenGapMs = 30;
/** The shortest time between two updates of the page around the terminal. */
const pageGapMs = 200;
/** An event and not a comment, because scripts do not see comments, and must notice that the stream lives. */
const keepAlive = "event: ping\ndata: {}\n\n";

const upTo = (name: string, most: number) =>
  v.pipe(
    v.number(`${name} must be a number`),
    v.integer(`${name} must be a whole number`),
    v.minValue(1, `${name} is below 1`),
    v.maxValue(most, `${name} is above ${most}`),
  );

export const KeyboardBodySchema = v.strictObject(
  {
    viewer: TokenSchema,
    act: v.picklist(keysActs, `act must be one of ${keysActs.join(", ")}`),
    keys: v.optional(
      v.pipe(
        v.string("keys must be text"),
        v.maxLength(mostKeys, `keys is longer than ${mostKeys} characters`),
      ),
    ),
    over: v.optional(v.boolean("over must be true or false")),
    columns: v.optional(upTo("columns", largestScreen.columns)),
    rows: v.optional(upTo("rows", largestScreen.rows)),
  },
  (issue) =>
    issue.expected === "never"
      ? `unknown field ${issue.received}`
      : "the body must be a JSON object with viewer and act",
);

interface Seated {
  readonly seat: Seat;
  readonly id: AgentId;
  readonly name: string;
}

export type Rotation = Pick<AccessOptions, "onRotated"> | undefined;

/**
 * @param pageOf the stream of the page that asks, which its address names; then one stream has both
 */
export function registerTyping(
  api: Hono,
  server: Server,
  access: Rotation,
  pageOf: (c: Context) => StreamSource,
): void {
  /** By viewer. */
  const seats = new Map<string, Seated>();

  api.get("/api/agents/:id/typing", (c) => {
    const { agent_id: id } = server.fleet.require(c.req.param("id"));
    const name = signedBy(c, "page");
    const seated = createTypingStream({
      takeSeat: (listener) => server.screens.takeSeat(id, listener),
      onSeat(seat) {
        seats.set(seat.viewer, { seat, id, name });
        return () => seats.delete(seat.viewer);
      },
      isReady: () => server.health().ready,
    });
    const join = { pageGapMs, nowMs: () => performance.now() };
    const source = c.req.query("page") === undefined ? seated : joinSources(seated, pageOf(c), join);
    return eventStream(source, {
      signal: c.req.raw.signal,
      onVoid: whenVoid(c, access),
      minGapMs: screenGapMs,
      keepAlive,
    });
  });

  api.post("/api/agents/:id/keyboard", async (c) => {
    const { agent_id: id } = server.fleet.require(c.req.param("id"));
    const { viewer, ...keys } = checkMessage(KeyboardBodySchema, parseJson(await c.req.text()));
    const name = signedBy(c, "page");
    const seated = seats.get(viewer);
    if (seated === undefined || seated.id !== id || seated.name !== name)
      throw new CliaiError("refused", `nobody sits at the terminal of ${id} as viewer "${viewer}"`, {
        hint: `read GET /api/agents/${id}/typing, and send the viewer that its first event names`,
      });
    requireReady(server);
    const { taken, why, typist } = await seated.seat.ask({ name, ...keys });
    return c.json({
      ...{ agent_id: id, taken },
      ...(why !== undefined && { why: harmless(why) }),
      ...(typist !== undefined && { typist: harmless(typist.name) }),
    });
  });
}

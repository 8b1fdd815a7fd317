// Reads a command for an agent, from the API's JSON or from the page's form.
import * as v from "valibot";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { checkMessage } from "../../domain/wire/decode.ts";
import { TokenSchema } from "../../domain/wire/fields.ts";
import { CommandTypeSchema } from "../../domain/wire/order-messages.ts";
import type { OrderRequest } from "../../server/send-command.ts";
import type { Server } from "../../server/server.ts";

const words = {
  text: v.optional(v.string("text must be text")),
  reason: v.optional(v.string("reason must be text")),
  force: v.optional(v.boolean("force must be true or false")),
};

const unknownField = (what: string) => (issue: v.StrictObjectIssue) =>
  issue.expected === "never" ? `unknown field ${issue.received}` : `${what} must be a JSON object`;

export const OrderBodySchema = v.strictObject(
  {
    type: CommandTypeSchema,
    ...words,
    /** The same fields, in the form that they have on NATS. */
    payload: v.optional(
      v.union([v.string(), v.strictObject(words)], "payload must be text or {text, reason, force}"),
    ),
    command_id: v.optional(TokenSchema),
  },
  unknownField("the body"),
);

const OrderFormSchema = v.object({
  type: CommandTypeSchema,
  text: v.optional(v.string()),
  reason: v.optional(v.string()),
  force: v.optional(v.literal("true", "force must be true")),
  command_id: v.optional(TokenSchema),
});

/** @throws CliaiError `message_invalid` with the field */
export function orderFromJson(id: AgentId, body: unknown, from: string): OrderRequest {
  const { payload, ...order } = checkMessage(OrderBodySchema, body);
  const inner = typeof payload === "string" ? { text: payload } : payload;
  return { id, from, ...inner, ...order };
}

/** A field left empty counts as not given. @throws CliaiError `message_invalid` with the field */
export function orderFromForm(
  id: AgentId,
  form: Readonly<Record<string, unknown>>,
  from: string,
): OrderRequest {
  const filled = Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ""));
  const { force, ...order } = checkMessage(OrderFormSchema, filled);
  return { id, from, ...order, ...(force === undefined ? {} : { force: true }) };
}

/**
 * Refuses to send anything while NATS is away: it would wait unseen, and take effect at a time that nobody chose.
 * @throws CliaiError `nats_unreachable`
 */
export function requireReady(server: Server): void {
  const { ready, reason = "NATS cannot be reached" } = server.health();
  if (ready) return;
  throw new CliaiError("nats_unreachable", reason, { hint: "nothing was sent; try again when it is back" });
}

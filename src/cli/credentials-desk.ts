// Makes credentials for agents on other machines: `cliai spawn` there asks the serve that holds the keys. Only the operator
// can publish on this subject, because each agent is in a NATS account of its own.
import * as v from "valibot";
import { readGrants, readMintedAgents } from "../credentials/agent-grants.ts";
import { endAgentKeys, issueAgent } from "../credentials/agent-keys.ts";
import { isAgentHeld } from "../data-dir/agent-lock.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { type AgentId, AgentIdSchema, caseTwinOf } from "../domain/wire/agent-id.ts";
import { checkMessage, decodeMessage } from "../domain/wire/decode.ts";
import { type Role, roles } from "../domain/wire/roles.ts";
import { serveCredentialsSubject, serveQueueGroup } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { NatsKeys } from "../nats/accounts/credentials.ts";
import type { Bus } from "../nats/bus.ts";

const answerWithinMs = 10_000;

const OrderSchema = v.variant("act", [
  v.object({ act: v.literal("make"), agent_id: AgentIdSchema, role: v.picklist(roles) }),
  v.object({ act: v.literal("end"), agent_id: AgentIdSchema, user_key: v.string() }),
]);
type Order = v.InferOutput<typeof OrderSchema>;

const MadeSchema = v.object({ creds: v.string(), user_key: v.string() });
type Made = v.InferOutput<typeof MadeSchema>;
const AnswerSchema = v.object({
  success: v.boolean(),
  result: v.optional(v.unknown()),
  error: v.optional(v.string()),
});

export interface CredentialsDeskOptions {
  readonly dataDir: string;
  readonly keys: NatsKeys;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns the function that ends it. */
export function openCredentialsDesk(bus: Bus, options: CredentialsDeskOptions): () => void {
  const { log } = options;
  /** Requests are answered one after another, because issuing credentials revokes those that the same agent had before. */
  let last: Promise<unknown> = Promise.resolve();
  const answer = async (data: Uint8Array): Promise<object> => {
    try {
      return { success: true, result: await carryOut(decodeMessage(OrderSchema, data), options) };
    } catch (error) {
      if (!(error instanceof CliaiError)) log.error(`${serveCredentialsSubject}: ${messageOf(error)}`);
      return { success: false, error: messageOf(error) };
    }
  };
  return bus.subscribe(
    serveCredentialsSubject,
    (message) => {
      last = last.then(async () => message.reply(await answer(message.data)));
      last.catch((error: unknown) => log.warn(`${serveCredentialsSubject}: ${messageOf(error)}`));
    },
    { queue: serveQueueGroup },
  );
}

async function carryOut(order: Order, { dataDir, keys, now, log }: CredentialsDeskOptions): Promise<unknown> {
  const { agent_id: id } = order;
  if (order.act === "end") {
    const grant = readGrants(dataDir, id).find(({ user_key }) => user_key === order.user_key);
    if (grant === undefined) return {};
    await endAgentKeys(dataDir, id, { issuedUntil: new Date(grant.issued_at), now: now(), log });
    return {};
  }
  const twin = caseTwinOf(id, readMintedAgents(dataDir));
  if (twin !== undefined) throw new Error(`"${id}" differs from the agent "${twin}" in case only`);
  if (isAgentHeld(dataDir, id)) throw new Error(`the agent "${id}" runs already on the server's machine`);
  log.info(`${id} is given credentials on another machine`);
  const { creds, userKey } = await issueAgent(dataDir, keys, { id, role: order.role, now: now(), log });
  return { creds, user_key: userKey } satisfies Made;
}

/** @throws CliaiError `server_unreachable` if no serve there holds keys; `no_answer`; `refused` with serve's reason */
export async function askForCredentials(
  bus: Bus,
  { id, role }: { readonly id: AgentId; readonly role: Role },
): Promise<Made> {
  return checkMessage(MadeSchema, await ask(bus, { act: "make", agent_id: id, role }));
}

/**
 * Revokes the credentials that {@link askForCredentials} has returned.
 * @throws CliaiError as that function does
 */
export async function endCredentials(
  bus: Bus,
  { id, user_key }: { readonly id: AgentId; readonly user_key: string },
): Promise<void> {
  await ask(bus, { act: "end", agent_id: id, user_key });
}

async function ask(bus: Bus, order: Order): Promise<unknown> {
  const data = await bus.request(serveCredentialsSubject, order, { timeoutMs: answerWithinMs });
  const { success, result, error = "it does not say why" } = decodeMessage(AnswerSchema, data);
  if (success) return result;
  throw new CliaiError("refused", `cliai serve made no credentials for ${order.agent_id}: ${error}`, {
    hint: `on the server's machine, list the agents: cliai agents`,
  });
}

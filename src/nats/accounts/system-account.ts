// Uses nats-server's system account. There serve hears of the agents' connections, and `cliai agents revoke` tells nats-server
// which keys are revoked.
import * as v from "valibot";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { parseConnectionName } from "../../domain/wire/connection-name.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import type { Logger } from "../../log.ts";
import type { Bus, BusMessage } from "../bus.ts";
import { translateNatsError } from "../errors.ts";

const updateSubject = "$SYS.REQ.CLAIMS.UPDATE";
const answerWithinMs = 5_000;

/** The connection of a host or bridge was opened or closed. */
export interface ConnectionEvent {
  readonly id: AgentId;
  /** The `instance_id` of the agent's run, as in its heartbeats. */
  readonly instanceId: string;
  readonly isUp: boolean;
  /** The connection's id. */
  readonly client: string;
  /** When the connection was opened, by nats-server's clock. */
  readonly startedAt: string;
  /** Why the connection was closed, in nats-server's words. */
  readonly reason?: string;
}

/** The fields of nats-server's `client_connect` and `client_disconnect` advisories (2.9 to 2.15) that are used here. */
const AdvisorySchema = v.looseObject({
  type: v.string(),
  reason: v.optional(v.string()),
  server: v.looseObject({ id: v.string() }),
  client: v.looseObject({
    id: v.number(),
    start: v.string(),
    name: v.optional(v.string()),
    jwt: v.optional(v.string()),
  }),
});

/**
 * Reports each connection of an agent within milliseconds. The agent is the one in the user's signed name, which nats-server has
 * checked. A connection whose own name says another agent is ignored, and so is one that nats-server has refused.
 * @returns the function that ends it
 */
export function watchConnections(
  system: Bus,
  onEvent: (event: ConnectionEvent) => void,
  log: Logger,
): () => void {
  const take = ({ subject, data }: BusMessage) => {
    try {
      const event = readAdvisory(subject, data);
      if (event !== undefined) onEvent(event);
    } catch (error) {
      log.warn(`cannot read an event of nats-server: ${messageOf(error)}`);
    }
  };
  const endings = ["CONNECT", "DISCONNECT"].map((what) => system.subscribe(`$SYS.ACCOUNT.*.${what}`, take));
  return () => {
    for (const end of endings) end();
  };
}

/**
 * Undefined for a connection that is not an agent's.
 * @throws CliaiError `message_invalid`, also if the user cannot be read
 */
export function readAdvisory(subject: string, data: Uint8Array): ConnectionEvent | undefined {
  const { type, reason, server, client } = decodeMessage(AdvisorySchema, data);
  const named = parseConnectionName(client.name ?? "");
  if (named === undefined || client.jwt === undefined) return undefined;
  const { name, account } = readUser(client.jwt);
  // Ignore a refused connection, because nobody has checked its claims. nats-server reports it in the account $G.
  const isLetIn = account !== undefined && subject.split(".")[2] === account;
  if (!isLetIn || name !== named.id) return undefined;
  return {
    ...named,
    isUp: type.endsWith("client_connect"),
    client: `${server.id} ${client.id}`,
    startedAt: client.start,
    ...(reason === undefined ? {} : { reason }),
  };
}

export interface UserEvent {
  /** The name of the user, which is signed, and which nats-server has checked. */
  readonly user: string;
  /** What the connection calls itself. */
  readonly connection: string;
  readonly isUp: boolean;
  /** The connection's id. */
  readonly client: string;
  /** When the connection was opened, by nats-server's clock. */
  readonly startedMs: number;
}

/**
 * Reports each connection that begins or ends in an account of its own, within milliseconds.
 * @returns the function that ends it
 */
export function watchUsers(system: Bus, onEvent: (event: UserEvent) => void, log: Logger): () => void {
  const take = ({ subject, data }: BusMessage) => {
    try {
      const { type, server, client } = decodeMessage(AdvisorySchema, data);
      if (client.jwt === undefined) return;
      const { name: user, account } = readUser(client.jwt);
      if (account === undefined || subject.split(".")[2] !== account) return;
      onEvent({
        ...{ user, connection: client.name ?? "", isUp: type.endsWith("client_connect") },
        ...{ client: `${server.id} ${client.id}`, startedMs: Date.parse(client.start) },
      });
    } catch (error) {
      log.warn(`cannot read an event of nats-server: ${messageOf(error)}`);
    }
  };
  const endings = ["CONNECT", "DISCONNECT"].map((what) => system.subscribe(`$SYS.ACCOUNT.*.${what}`, take));
  return () => {
    for (const end of endings) end();
  };
}

export interface Stay {
  /** The public key of the account. */
  readonly account: string;
  /** The name of the user. Others in the account may stay. */
  readonly user: string;
  readonly lastsMs: () => number;
}

/**
 * Ends each new connection of a user that stays longer. nats-server must be 2.10 or newer.
 * @returns the function that ends that
 */
export function limitStay(system: Bus, { account, user, lastsMs }: Stay, log: Logger): () => void {
  const stays = new Map<string, NodeJS.Timeout>();
  const take = ({ subject, data }: BusMessage) => {
    try {
      const { server, client } = decodeMessage(AdvisorySchema, data);
      const key = `${server.id} ${client.id}`;
      clearTimeout(stays.get(key));
      stays.delete(key);
      if (!subject.endsWith(".CONNECT") || client.jwt === undefined) return;
      if (readUser(client.jwt).name !== user) return;
      const end = () => {
        stays.delete(key);
        system
          .request(`$SYS.REQ.SERVER.${server.id}.KICK`, { cid: client.id }, { timeoutMs: answerWithinMs })
          .catch((error: unknown) => log.debug(`a connection may stay: ${messageOf(error)}`));
      };
      stays.set(key, setTimeout(end, lastsMs()));
    } catch (error) {
      log.warn(`cannot read an event of nats-server: ${messageOf(error)}`);
    }
  };
  const endings = ["CONNECT", "DISCONNECT"].map((what) =>
    system.subscribe(`$SYS.ACCOUNT.${account}.${what}`, take),
  );
  return () => {
    for (const end of endings) end();
    for (const stay of stays.values()) clearTimeout(stay);
  };
}

const UserSchema = v.looseObject({
  name: v.string(),
  nats: v.looseObject({ issuer_account: v.optional(v.string()) }),
});

/**
 * Reads a user's name, and its account if that is an agent's. It does not check the signature: nats-server has, and here it
 * would take about 3 ms for each of maybe a thousand agents that come back at once.
 */
function readUser(jwt: string): { readonly name: string; readonly account: string | undefined } {
  const [, claims = ""] = jwt.split(".");
  const { name, nats } = decodeMessage(UserSchema, Buffer.from(claims, "base64url"));
  return { name, account: nats.issuer_account };
}

const UpdateSchema = v.looseObject({
  data: v.optional(v.looseObject({ code: v.number() })),
  error: v.optional(v.looseObject({ description: v.string() })),
});

/**
 * Sends an account's claims to nats-server again, which then ends the connections of revoked users at once.
 * @throws CliaiError
 */
export async function pushAccountClaims(system: Bus, jwt: string): Promise<void> {
  let answer: Uint8Array;
  try {
    answer = (await system.connection.request(updateSubject, jwt, { timeout: answerWithinMs })).data;
  } catch (error) {
    throw translateNatsError(error, "tell nats-server what is revoked");
  }
  const { data, error } = decodeMessage(UpdateSchema, answer);
  if (data?.code === 200) return;
  const why = error?.description ?? "it gives no reason";
  throw new CliaiError("failed", `nats-server did not accept the revocation: ${why}`, {
    hint: "it takes effect at the next start: cliai serve",
  });
}

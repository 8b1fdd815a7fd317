// Uses nats-server's system account: serve hears of the agents' connections there, and `cliai agents revoke` tells
// nats-server what is revoked.
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

/** A bridge's connection has come or gone. */
export interface ConnectionEvent {
  readonly id: AgentId;
  /** Of the bridge's run, as in its heartbeats. */
  readonly instanceId: string;
  readonly isUp: boolean;
  /** The connection's id. */
  readonly client: string;
  /** When it began, by nats-server's clock. */
  readonly startedAt: string;
  /** Why it went, in nats-server's words. */
  readonly reason?: string;
}

/** As much of nats-server's `client_connect` and `client_disconnect` advisories (2.9 to 2.15) as is used here. */
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
 * Hears of each bridge's connection within milliseconds. Who it is says the user's signed name, which nats-server has
 * checked; a connection that calls itself another is left out, and so is one that was not let in.
 * @returns the way to end it
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
      log.warn(`an event of nats-server is not understood: ${messageOf(error)}`);
    }
  };
  const endings = ["CONNECT", "DISCONNECT"].map((what) => system.subscribe(`$SYS.ACCOUNT.*.${what}`, take));
  return () => {
    for (const end of endings) end();
  };
}

/** Undefined for a connection that is not an agent's. @throws CliaiError `message_invalid`, also if its user cannot be read */
export function readAdvisory(subject: string, data: Uint8Array): ConnectionEvent | undefined {
  const { type, reason, server, client } = decodeMessage(AdvisorySchema, data);
  const named = parseConnectionName(client.name ?? "");
  if (named === undefined || client.jwt === undefined) return undefined;
  const { name, account } = readUser(client.jwt);
  // What is refused has shown claims that nobody has checked: its events are of no account of ours ($G).
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

const UserSchema = v.looseObject({
  name: v.string(),
  nats: v.looseObject({ issuer_account: v.optional(v.string()) }),
});

/**
 * The account is that of an agent: of other users it is their issuer's. The signature is nats-server's to check, as it has:
 * that takes some 3 ms here, and a thousand agents may come back at once.
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

/** Gives nats-server an account's claims anew: connections of revoked users end at once. @throws CliaiError */
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

// What a machine that joins, and later its node, says to serve, and hears from it.
import * as v from "valibot";
import { isNodeName } from "./node-name.ts";

const name = v.pipe(v.string(), v.check(isNodeName, "it is no name of a node"));
/** A text that people read. Only so much of it is kept. */
const word = v.pipe(v.string(), v.maxLength(253, "it has more than 253 characters"));

/** The server that a machine asks: what it is known by, and the certificates that its clients trust (PEM; empty without TLS). */
export const HubFactsSchema = v.object({ operator: v.string(), trust: v.string() });
export type HubFacts = v.InferOutput<typeof HubFactsSchema>;

export const JoinAskSchema = v.object({
  code_id: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/, "it is no id of a join code")),
  secret: v.pipe(v.string(), v.regex(/^[\w-]{22}$/, "it is no secret of a join code")),
  /** The public key that the machine has made. Its private key never leaves it. */
  user_key: v.pipe(v.string(), v.regex(/^U[A-Z2-7]{55}$/, "it is no public key of a user")),
  name,
  host: word,
});
export type JoinAsk = v.InferOutput<typeof JoinAskSchema>;

export const JoinAnswerSchema = v.object({
  name,
  /** The signed claims of the node's user. Of no use without the private key. */
  jwt: v.string(),
  may_launch: v.boolean(),
});
export type JoinAnswer = v.InferOutput<typeof JoinAnswerSchema>;

/** `node.NAME.heartbeat`. */
export const NodeHeartbeatSchema = v.looseObject({
  node: name,
  /** Of this run of `cliai node`. */
  instance_id: v.string(),
  interval_s: v.pipe(v.number(), v.minValue(0.05), v.maxValue(3_600)),
  host: word,
  pid: v.number(),
  /** Of cliai there. */
  version: word,
  platform: word,
  /** How many agents run there. */
  agents: v.number(),
  timestamp: v.string(),
});
export type NodeHeartbeat = v.InferOutput<typeof NodeHeartbeatSchema>;

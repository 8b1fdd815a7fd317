// The flags of `cliai send`, and the order that they mean.
import type { ArgsDef } from "citty";
import * as v from "valibot";
import { type WaitState, waitStates } from "../../domain/receipts.ts";
import { parseSeconds } from "../../domain/text/moment.ts";
import { parseTraceparent } from "../../domain/trace/trace-context.ts";
import { TokenSchema } from "../../domain/wire/fields.ts";
import { commandTypes } from "../../domain/wire/order-messages.ts";
import type { OrderRequest } from "../../server/send-command.ts";
import { startArgs } from "../background/ensure-server.ts";
import { clientArgs } from "../fleet/client.ts";
import type { Arguments } from "../frame/command.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { readText } from "../frame/read-text.ts";
import { readType, usage } from "./send-words.ts";

export const sendArgs = {
  command: { type: "positional", required: true, description: `the command: ${commandTypes.join(", ")}` },
  agent: {
    type: "positional",
    required: false,
    description: "id of the agent; stop, pause and resume take several; leave it out with --all",
  },
  text: { type: "positional", required: false, description: "text of a task; - reads it from stdin" },
  wait: {
    type: "enum",
    options: [...waitStates] as WaitState[],
    default: "delivered",
    description: "wait until the command has this receipt",
  },
  timeout: {
    type: "string",
    valueHint: "SECONDS",
    default: "10",
    description: "stop waiting after this time",
  },
  all: { type: "boolean", description: "send the command to every agent that is online" },
  filter: {
    type: "string",
    valueHint: "WORDS",
    description: "send the command to every agent that is online and matches, as with: cliai ls --filter",
  },
  reason: { type: "string", valueHint: "TEXT", description: "tell the agent this reason" },
  force: {
    type: "boolean",
    description: "with stop: interrupt the running turn and end the process, without approval",
  },
  expires: {
    type: "string",
    valueHint: "SECONDS",
    description:
      "let the command expire if the agent has not taken it within this time (default 300; for a task 6 days)",
  },
  id: {
    type: "string",
    valueHint: "KEY",
    description: "give the command this id: if it is sent twice with the same id, it takes effect only once",
  },
  ...startArgs,
  ...clientArgs,
} as const satisfies ArgsDef;

/** A week, which is longer than the stream COMMANDS keeps a command. */
const secondsOfSend = { least: 0.001, most: 7 * 86_400, hint: "cliai send --help" };

export type SendArgs = Arguments<typeof sendArgs>;

export interface Sending {
  readonly order: Omit<OrderRequest, "id" | "command_id">;
  readonly key: string | undefined;
  readonly wait: WaitState;
  readonly timeoutMs: number;
}

/** @throws CliaiError `usage` */
export async function readSending(args: SendArgs, context: CliContext): Promise<Sending> {
  const type = readType(args.command, []);
  if (args.filter?.trim() === "") throw usage("--filter is empty", "to all agents: cliai send --all");
  const many = args.filter !== undefined ? "--filter" : args.all === true ? "--all" : undefined;
  if (many !== undefined && args.text !== undefined) {
    throw usage(`${many} takes no AGENT, but "${args.agent}" is given`);
  }
  const forWhom = many === "--filter" ? "--filter tag:api" : (many ?? args.agent ?? "ada");
  const example = `cliai send ${type} ${forWhom}${type === "task" ? ' "what to do"' : ""}`;
  if (many === undefined && args.agent === undefined) {
    throw usage("send needs the AGENT, --filter or --all", `${example} (cliai ls lists the agents)`);
  }
  const words = many === undefined ? args.text : args.agent;
  if (type === "task" && words === undefined) throw usage("a task needs its text", example);
  const order = {
    type,
    text: words === "-" ? await readText(context.stdin) : words,
    reason: args.reason,
    force: args.force,
    expiresInS:
      args.expires === undefined ? undefined : parseSeconds(args.expires, "--expires", secondsOfSend),
    from: operatorOf(context),
    trace: parseTraceparent(context.env.TRACEPARENT),
  };
  if (args.id !== undefined && !v.is(TokenSchema, args.id)) {
    throw usage(`--id "${args.id}" is not 1 to 128 letters, digits, _ or -`);
  }
  return {
    order,
    key: args.id,
    wait: args.wait,
    timeoutMs: parseSeconds(args.timeout, "--timeout", secondsOfSend) * 1000,
  };
}

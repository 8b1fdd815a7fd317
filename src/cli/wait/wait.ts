// This room is `cliai wait`, and the waiting that `spawn --wait` shares with it.
//
// `cliai wait AGENT…`: waits until agents are done, idle or need a person. Its exit code tells the outcome.
import type { ArgsDef } from "citty";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { CliaiError, type ErrorCode } from "../../domain/text/errors.ts";
import { parseSeconds } from "../../domain/text/moment.ts";
import { exitCodeOfOutcome, type WaitGoal, type WaitOutcome, waitGoals } from "../../domain/wait-outcome.ts";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import { clientArgs, withClient } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { throwWorst } from "../frame/worst-error.ts";
import { type AgentOutcome, type Waited, waitForAgents } from "./fleet-wait.ts";
import { withoutLog } from "./server-absence.ts";

/** A week: the stream COMMANDS keeps an order that long. */
const longestS = 7 * 86_400;

export const waitCommand = defineCliCommand({
  name: "wait",
  example: "cliai wait ada bea --timeout 600 (cliai ls lists the agents)",
  description:
    "wait until agents are done, idle or need you: 0 done, 1 failed or crashed, 4 time is up, 5 stopped or refused",
  args: {
    agent: { type: "positional", required: true, description: "ids of the agents" },
    until: {
      type: "enum",
      options: [...waitGoals] as WaitGoal[],
      default: "done",
      description:
        "wait until its work is over (done), until no turn runs (idle), or until it needs a person",
    },
    any: { type: "boolean", description: "wait for the first of several agents instead of for all" },
    timeout: {
      type: "string",
      valueHint: "SECONDS",
      description: "stop waiting after this time (default a week)",
    },
    ...clientArgs,
  } satisfies ArgsDef,
  takesMore: true,
  async run(args, context, more) {
    const ids = [...new Set([args.agent, ...more].map(parseAgentId))];
    const timeoutMs = readTimeoutMs(args.timeout);
    const goal = args.until as WaitGoal;
    const waited = await withClient(args, withoutLog(context), (bus) =>
      waitForAgents(bus, {
        ...{ ids, goal, timeoutMs, context, isAny: args.any === true },
        onOutcome: (view, outcome) => {
          if (context.json) context.print(JSON.stringify(outcomeJson(view, outcome)));
          else if (exitCodeOfOutcome(outcome) === 0) context.print(`${view.agent_id}  ${outcome.outcome}`);
        },
      }),
    );
    endWait(waited, { goal, timeoutMs, isAny: args.any === true }, context);
    return 0;
  },
});

/** @throws CliaiError `usage` */
export function readTimeoutMs(text: string | undefined): number {
  const bounds = { least: 0, most: longestS, hint: "leave it out to wait for up to a week" };
  return 1000 * (text === undefined ? longestS : parseSeconds(text, "--timeout", bounds));
}

function outcomeJson({ agent_id, status, last_words }: AgentView, { outcome, reason }: WaitOutcome): object {
  return { agent_id, outcome, reason, status, said: last_words?.text ?? null };
}

export interface WaitTerms {
  readonly goal: WaitGoal;
  readonly timeoutMs: number;
  readonly isAny: boolean;
  /** The hint for an agent that has failed; default: the command that shows why. */
  readonly failedHint?: string | undefined;
}

/** @throws CliaiError with the worst of the exit codes of {@link exitCodeOfOutcome}, 4 where time was up */
export function endWait(
  { outcomes, waiting, isServerAway }: Waited,
  terms: WaitTerms,
  context: CliContext,
): void {
  const isThere = [...outcomes.values()].some((outcome) => exitCodeOfOutcome(outcome) === 0);
  if (terms.isAny && isThere) return;
  const errors = [
    ...[...outcomes].flatMap(([id, outcome]) => errorOf(id, outcome, terms) ?? []),
    ...waiting.map((view) => (isServerAway ? timeIsUpWithoutServer(view, terms) : timeIsUp(view, terms))),
  ];
  const words = `${errors.length} of ${outcomes.size + waiting.length} agents are not ${terms.goal}`;
  throwWorst(errors, words, context.note);
}

const codes: Readonly<Record<number, ErrorCode>> = { 1: "failed", 4: "no_answer", 5: "refused" };

function errorOf(
  id: AgentId,
  outcome: AgentOutcome,
  { goal, failedHint = `see why: cliai show ${id}` }: WaitTerms,
): CliaiError | undefined {
  const code = codes[exitCodeOfOutcome(outcome)];
  if (code === undefined) return undefined;
  const reason = plain(outcome.reason);
  const { startAgain: again } = outcome;
  switch (outcome.outcome) {
    case "stopped":
      return new CliaiError(code, `${id} was stopped: ${reason}`, { hint: again });
    case "ended":
      return new CliaiError(code, `${id} has ended (${reason}): it cannot become ${goal}`, { hint: again });
    case "crashed":
      return new CliaiError(code, `${id} crashed: ${reason}`, { hint: again });
    case "lost":
      return new CliaiError(code, `${id} is lost: ${reason}`, { hint: again });
    default:
      return new CliaiError(code, `${id} ${outcome.outcome}: ${reason}`, { hint: failedHint });
  }
}

function timeIsUp(
  { agent_id, status }: Waited["waiting"][number],
  { goal, timeoutMs }: WaitTerms,
): CliaiError {
  const message = `${agent_id} is ${status} after ${timeoutMs / 1000} s, not ${goal}`;
  return new CliaiError("no_answer", message, { hint: `see why: cliai show ${agent_id}` });
}

function timeIsUpWithoutServer(
  { agent_id, status }: Waited["waiting"][number],
  { timeoutMs }: WaitTerms,
): CliaiError {
  const message = `the server is away after ${timeoutMs / 1000} s; what it knew last of ${agent_id}: ${status}`;
  return new CliaiError("no_answer", message, { hint: "start it, then wait again: cliai serve" });
}

// For `spawn --wait`: waits until the agent's first work is over, and prints what the agent said last.
import { plainLines } from "../../domain/text/harmless.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { readStreamFacts } from "../../nats/jetstream/read-stream.ts";
import type { CliContext } from "../frame/context.ts";
import { readLastWords } from "../log/log.ts";
import { type Waited, waitForAgents } from "../wait/fleet-wait.ts";
import { endWait } from "../wait/wait.ts";

export interface WorkOptions {
  readonly id: AgentId;
  /** Only this run's work counts; default: any run's. */
  readonly run?: string;
  /** The last sequence in AUDIT before the launch (`auditEnd`). What the agent said up to there is not about this work. */
  readonly after: number;
  readonly timeoutMs: number;
  readonly context: CliContext;
}

export interface EndOfWork extends Waited {
  readonly id: AgentId;
  /** What the agent said last during this work; undefined if it said nothing. */
  readonly words: string | undefined;
}

/** The sequence of the last message in AUDIT, for {@link WorkOptions.after}. */
export async function auditEnd(bus: Bus): Promise<number> {
  return (await readStreamFacts(bus, streams.audit)).last_seq;
}

/** @throws CliaiError as {@link waitForAgents} */
export async function waitForWork(bus: Bus, { id, run, after, ...options }: WorkOptions): Promise<EndOfWork> {
  const waited = await waitForAgents(bus, {
    ...{ ids: [id], goal: "done", isAny: false },
    ...(run === undefined ? {} : { run }),
    ...options,
  });
  const last = await readLastWords(bus, id);
  return { id, ...waited, words: last !== undefined && last.seq > after ? last.text : undefined };
}

/**
 * @param startHint the hint for an agent that could not be started, if this command knows it
 * @throws CliaiError for each outcome but `done`, and if the time is up
 */
export function printEnd(
  { id, words, ...waited }: EndOfWork,
  { timeoutMs, startHint }: Pick<WorkOptions, "timeoutMs"> & { readonly startHint?: string | undefined },
  context: CliContext,
): void {
  if (context.json) {
    const { outcome = null, reason = null } = waited.outcomes.get(id) ?? {};
    context.print(JSON.stringify({ agent_id: id, outcome, reason, said: words ?? null }));
  } else if (words !== undefined) for (const line of plainLines(words)) context.print(line);
  endWait(waited, { goal: "done", timeoutMs, isAny: false, failedHint: startHint }, context);
}

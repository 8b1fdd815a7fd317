// Counts what the agents do, from the start of this serve on, for `/metrics`. It makes plain data; the reader formats it.
import type { AnsweredCall } from "../../audit/records.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import type { CommandRecord, OrderType } from "../../domain/receipts.ts";
import { type Distribution, emptyDistribution, withMeasurement } from "../../domain/system/distribution.ts";
import type { ReceiptState } from "../../domain/wire/messages.ts";
import { isToolName } from "../../domain/wire/tools/tools.ts";

/** The states of an order whose time is measured: each since the state before it that the order has had. */
const measuredSteps = ["delivered", "injected", "seen", "applied"] as const;
export type MeasuredStep = (typeof measuredSteps)[number];

export interface WorkFigures {
  /** The messages of agents that were taken in, by what they are. */
  readonly messages: ReadonlyMap<CountedMessage, number>;
  readonly orders: ReadonlyMap<OrderType, number>;
  /** The receipts that brought an order into a state for the first time. */
  readonly receipts: ReadonlyMap<ReceiptState, number>;
  /** In seconds, by the clocks of the streams. */
  readonly steps: ReadonlyMap<MeasuredStep, Distribution>;
  /** The answered tool calls, in seconds. A tool that does not exist counts as `unknown`. */
  readonly calls: readonly CallFigures[];
}

export interface CallFigures {
  readonly tool: string;
  readonly success: boolean;
  readonly took: Distribution;
}

const countedMessages = ["heartbeat", "status", "event"] as const;
type CountedMessage = (typeof countedMessages)[number];

/** In seconds, by factor 2: from a millisecond to the 9 hours that a task may take. */
const stepBoundsS = Array.from({ length: 26 }, (_, power) => 2 ** power / 1_000);
/** The same, to the 2 minutes for which a call may wait without asking a person. */
const callBoundsS = stepBoundsS.slice(0, 18);

export interface WorkCounts {
  /** @param before the agent's record before the event, and `after` it */
  took(event: FleetEvent, before: AgentRecord | undefined, after: AgentRecord | undefined): void;
  answered(call: Pick<AnsweredCall, "tool" | "success" | "took_ms">): void;
  figures(): WorkFigures;
}

export function createWorkCounts(): WorkCounts {
  const messages = new Map<CountedMessage, number>();
  const orders = new Map<OrderType, number>();
  const receipts = new Map<ReceiptState, number>();
  const steps = new Map<MeasuredStep, Distribution>();
  const calls = new Map<string, CallFigures>();

  const takeChange = (before: CommandRecord | undefined, after: CommandRecord) => {
    if (after.stream_seq > 0 && (before?.stream_seq ?? 0) === 0) addOne(orders, after.type);
    const had = before?.receipts ?? [];
    for (const [i, { state, at }] of after.receipts.entries()) {
      if (had.some((each) => each.state === state)) continue;
      addOne(receipts, state);
      const previous = after.receipts[i - 1];
      if (previous === undefined || !isMeasured(state)) continue;
      const tookS = (Date.parse(at) - Date.parse(previous.at)) / 1_000;
      steps.set(state, withMeasurement(steps.get(state) ?? emptyDistribution(stepBoundsS), tookS));
    }
  };

  return {
    took({ type }, before, after) {
      if (isCounted(type)) addOne(messages, type);
      if (after === undefined || after.commands === before?.commands) return;
      const known = new Map(before?.commands.map((command) => [command.command_id, command]));
      for (const command of after.commands) {
        const was = known.get(command.command_id);
        if (was !== command) takeChange(was, command);
      }
    },
    answered({ tool: called, success, took_ms }) {
      const tool = isToolName(called) ? called : "unknown";
      const key = `${tool} ${success}`;
      const { took } = calls.get(key) ?? { took: emptyDistribution(callBoundsS) };
      calls.set(key, { tool, success, took: withMeasurement(took, took_ms / 1_000) });
    },
    figures: () => ({ messages, orders, receipts, steps, calls: [...calls.values()] }),
  };
}

function addOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function isCounted(type: FleetEvent["type"]): type is CountedMessage {
  return (countedMessages as readonly string[]).includes(type);
}

function isMeasured(state: ReceiptState): state is MeasuredStep {
  return (measuredSteps as readonly string[]).includes(state);
}

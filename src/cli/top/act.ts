// Carries out what a key of `cliai top` has decided: by the same functions as `cliai send` and `cliai answer`.
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { Bus } from "../../nats/bus.ts";
import { atMost } from "../../waiting.ts";
import { createFleetReader } from "../fleet/fleet-reading.ts";
import { answeredText, deliveryText, giveAnswer } from "../fleet/give-answer.ts";
import { openRequests } from "../fleet/request-reading.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { awaitTaker, sendToOne } from "../send/send-to-one.ts";
import type { Notice } from "./state.ts";
import type { Effect } from "./steps.ts";

/** As the default of `cliai send` and `cliai answer`. */
const timeoutMs = 10_000;

/** More than it takes to store an order on a busy machine. Whether it is delivered is seen elsewhere. */
const storedWithinMs = 2_000;

export type Tell = (text: string, colour: Notice["colour"]) => void;

export interface Acts {
  /** Gives the order. What becomes of it is told. */
  order(effect: Extract<Effect, { type: "order" }>): void;
  /** Resolves to whether the answer is stored. Never rejects: what goes wrong is told. */
  answer(effect: Extract<Effect, { type: "answer" }>): Promise<boolean>;
  /** Waits until what was given is over, but only a moment: as long as it may not be stored yet. */
  settled(): Promise<void>;
}

export function createActs(bus: Bus, context: CliContext, tell: Tell): Acts {
  const going = new Set<Promise<unknown>>();
  const keep = <Result>(work: Promise<Result>): Promise<Result> => {
    going.add(work);
    void work.finally(() => going.delete(work));
    return work;
  };
  return {
    order: (effect) => void keep(giveOrder(bus, effect, context, tell)),
    answer: (effect) => keep(giveWords(bus, effect, context, tell)),
    settled: () => atMost(storedWithinMs, Promise.all(going)),
  };
}

/** Never rejects: what goes wrong is told. */
async function giveOrder(
  bus: Bus,
  { order: type, text, force, ids }: Extract<Effect, { type: "order" }>,
  context: CliContext,
  tell: Tell,
): Promise<void> {
  tell(`${type} to ${ids.join(", ")} …`, "yellow");
  const results = await Promise.allSettled(
    ids.map(async (id) => {
      const prefix = ids.length === 1 ? `${type} to ` : "";
      let last = "";
      const quiet = {
        ...context,
        json: false,
        print: (line: string) => {
          last = line.trim();
          tell(`${prefix}${last}`, "green");
        },
        note: (line: string) => tell(line, "yellow"),
      };
      const fleet = createFleetReader(bus, quiet);
      const order = { type, text, force, from: operatorOf(context) };
      const target = await awaitTaker(fleet, await fleet.require(id), { order, key: undefined }, undefined);
      const sending = { order, key: undefined, wait: "delivered", timeoutMs } as const;
      await sendToOne({ bus, fleet, context: quiet }, sending, target, undefined, `${id}: `);
    }),
  );
  const errors = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  const [first] = errors;
  if (first === undefined) {
    if (ids.length > 1) tell(`${type} delivered to ${ids.join(", ")}`, "green");
    return;
  }
  tell(ids.length === 1 ? wordsOf(first) : `${errors.length} of ${ids.length}: ${wordsOf(first)}`, "red");
}

/** Resolves to whether the answer is stored. Never rejects: what goes wrong is told. */
async function giveWords(
  bus: Bus,
  { request, words }: Extract<Effect, { type: "answer" }>,
  context: CliContext,
  tell: Tell,
): Promise<boolean> {
  tell(`answering ${request.agent_id} …`, "yellow");
  const quiet = { ...context, note: (line: string) => tell(line, "yellow") };
  let text = "";
  try {
    const bucket = await openRequests(bus);
    const given = await giveAnswer({ bus, bucket }, request, { words, timeoutMs }, quiet, (decided) => {
      text = answeredText(decided);
      tell(text, "green");
    });
    tell(`${text}; ${deliveryText(given)}`, given.isDelivered ? "green" : "yellow");
  } catch (error) {
    tell(wordsOf(error), "red");
  }
  return text !== "";
}

function wordsOf(error: unknown): string {
  const hint = error instanceof CliaiError && error.hint !== undefined ? `; ${error.hint}` : "";
  return `${messageOf(error)}${hint}`;
}

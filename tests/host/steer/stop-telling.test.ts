// What the model is told of a stop, and which receipt that leads to.
import { describe, expect, test } from "bun:test";
import type { TakenOrder } from "../../../src/agent-link/read-order.ts";
import type { RouteName } from "../../../src/domain/route-names.ts";
import { markersIn } from "../../../src/host/routes/item-text.ts";
import { createStopTelling, stopWords } from "../../../src/host/steer/stop-telling.ts";
import { silentLogger } from "../../../src/log.ts";

const stop: TakenOrder = { command_id: "c1", type: "stop", from: "ann", reason: "", force: false };

function telling(said: (words: string, cutOff: boolean) => Promise<RouteName>, isHeld = true) {
  const steps: string[] = [];
  const { tell, settled } = createStopTelling({
    delivery: {
      expect(id, type) {
        steps.push(`expect ${type} ${id}`);
        return () => void steps.push("queued");
      },
    },
    routes: { sayAtOnce: said },
    turn: { isHeld: () => isHeld },
    receipts: {
      write: ({ command_id, state, route }) => void steps.push(`${state} ${command_id} by ${route}`),
    },
    log: silentLogger,
  });
  return { tell, settled, steps };
}

describe("createStopTelling()", () => {
  test("writes `injected` with the route that took the words, and awaits the mark in the conversation before", async () => {
    const heard: unknown[] = [];
    const { tell, steps } = telling(async (...said) => {
      heard.push(said);
      return "stream-json";
    });
    await tell(stop, true);
    expect(steps).toEqual(["expect stop c1", "injected c1 by stream-json", "queued"]);
    expect(heard).toEqual([[stopWords(stop), true]]);
  });

  test("writes no `injected` for words that wait for a hook which the CLI may never call", async () => {
    const unheld = telling(async () => "hook", false);
    await unheld.tell(stop, false);
    expect(unheld.steps).toEqual(["expect stop c1", "queued"]);
    const held = telling(async () => "hook", true);
    await held.tell(stop, false);
    expect(held.steps).toContain("injected c1 by hook");
  });

  test("writes nothing, and does not fail, where no route took the words", async () => {
    const { tell, settled, steps } = telling(() => Promise.reject(new Error("its pipe is closed")));
    await tell(stop, false);
    await settled();
    expect(steps).toEqual(["expect stop c1"]);
  });

  test("tells one stop after the other, and is settled with the last", async () => {
    const doors = [Promise.withResolvers<RouteName>(), Promise.withResolvers<RouteName>()];
    let asked = 0;
    const { tell, settled, steps } = telling(() => doors[asked++]?.promise ?? Promise.reject());
    const first = tell(stop, false);
    void tell({ ...stop, command_id: "c2", type: "shutdown" }, true);
    doors[1]?.resolve("stream-json");
    doors[0]?.resolve("stream-json");
    await first;
    expect(steps.slice(0, 3)).toEqual(["expect stop c1", "injected c1 by stream-json", "queued"]);
    await settled();
    expect(steps.filter((step) => step.startsWith("injected"))).toEqual([
      "injected c1 by stream-json",
      "injected c2 by stream-json",
    ]);
  });
});

describe("stopWords()", () => {
  test("bear the mark by which they are found in the conversation", () => {
    expect(markersIn(stopWords(stop))).toEqual(["c1"]);
    expect(stopWords({ ...stop, type: "shutdown" })).toStartWith("[cliai shutdown c1] ");
  });

  test("say who stops it, and why if that is known", () => {
    expect(stopWords(stop)).toContain("ann has asked you to stop.");
    expect(stopWords({ ...stop, reason: "lunch" })).toContain("ann has asked you to stop (lunch).");
  });
});

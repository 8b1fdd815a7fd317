import { describe, expect, test } from "bun:test";
import type { SessionEvent } from "../../../src/host/event-sender.ts";
import { createBridgeWatch } from "../../../src/host/hear/bridge-watch.ts";
import { silentLogger } from "../../../src/log.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

function watching() {
  const events: SessionEvent[] = [];
  return { events, watch: createBridgeWatch({ send: (event) => void events.push(event) }, silentLogger) };
}

describe("createBridgeWatch()", () => {
  test("says that the agent has none of its tools, if no bridge has come in time", async () => {
    const { events, watch } = watching();
    watch.ready(20);
    await waitFor(() => events.length > 0, { what: "it is said" });
    expect(events).toEqual([
      {
        kind: "tools_lost",
        detail:
          "its CLI has not started cliai's MCP server within 0.02 s: the agent has none of cliai's tools",
      },
    ]);
  });

  test.each([
    ["has come before", (watch: ReturnType<typeof createBridgeWatch>) => watch.came(), 20],
    ["need not come", () => undefined, undefined],
    [
      "cannot come any more, because the session has ended",
      (watch: ReturnType<typeof createBridgeWatch>) => watch.stop(),
      20,
    ],
  ])("says nothing if the bridge %s", async (_how, act, withinMs) => {
    const { events, watch } = watching();
    watch.ready(withinMs);
    act(watch);
    await stays(() => events.length === 0, {
      what: "nothing is said",
      because: "no time is left",
      forMs: 100,
    });
  });
});

import { describe, expect, test } from "bun:test";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import type { SessionEvent } from "../../../src/host/event-sender.ts";
import { type BridgeWatchOptions, createBridgeWatch } from "../../../src/host/hear/bridge-watch.ts";
import { silentLogger } from "../../../src/log.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

function watching(more: Partial<BridgeWatchOptions> = {}) {
  const events: SessionEvent[] = [];
  const watch = createBridgeWatch({
    ...{ id: parseAgentId("ada"), log: silentLogger, whenEnded: undefined, isStopping: () => false },
    ...{ events: { send: (event) => void events.push(event) }, startsWithinMs: 20, awayForMs: 20 },
    ...more,
  });
  return { events, watch };
}
type Watch = ReturnType<typeof createBridgeWatch>;

describe("createBridgeWatch()", () => {
  test("says that the agent has none of its tools, if no bridge has come in time, and that it has them again once one comes", async () => {
    const { events, watch } = watching();
    watch.ready();
    watch.ready();
    await waitFor(() => events.length > 0, { what: "it is said" });
    expect(events).toEqual([
      {
        kind: "tools_lost",
        detail:
          "its CLI has not started cliai's MCP server within 0.02 s: the agent has none of cliai's tools",
        remedy: "stop the agent, then: cliai resume ada",
      },
    ]);
    watch.came();
    watch.link(true);
    expect(events.slice(1)).toMatchObject([{ kind: "tools_back" }]);
  });

  test.each([
    [undefined, "its CLI does not start it again", { remedy: "stop the agent, then: cliai resume ada" }],
    ["it is started again", "it is started again", {}],
  ])(
    "says what becomes of a bridge that has ended, where its CLI's way is %p",
    async (whenEnded, words, more) => {
      const { events, watch } = watching({ whenEnded });
      watch.link(true);
      watch.link(false);
      await waitFor(() => events.length > 0, { what: "it is said" });
      expect(events).toEqual([
        { kind: "tools_lost", detail: `cliai's MCP server has ended: ${words}`, ...more },
      ]);
    },
  );

  test("of a CLI that leaves a second bridge unused, says once that the tools are lost, however soon another bridge comes", async () => {
    const { events, watch } = watching({ leavesItUnused: true });
    for (const isUp of [true, false, true]) watch.link(isUp); // as it opens its session
    watch.ready();
    for (const isUp of [false, true, false, true]) watch.link(isUp);
    watch.came();
    await waitFor(() => events.length > 0, { what: "it is said" });
    await stays(() => events.length === 1, { what: "once", because: "it stays so", forMs: 100 });
    expect(events).toEqual([
      {
        kind: "tools_lost",
        detail: "cliai's MCP server has ended: its CLI does not use another one",
        remedy: "stop the agent, then: cliai resume ada",
      },
    ]);
  });

  test("of such a CLI, says that the tools are there if its first bridge only comes late", async () => {
    const { events, watch } = watching({ leavesItUnused: true });
    watch.ready();
    await waitFor(() => events.length === 1, { what: "it is late" });
    watch.link(true);
    expect(events.at(-1)).toMatchObject({ kind: "tools_back" });
  });

  test.each<[string, (watch: Watch) => void, Partial<BridgeWatchOptions>]>([
    ["has come before its session is open", (watch) => [watch.came(), watch.ready()], {}],
    ["has come after that", (watch) => [watch.ready(), watch.link(true)], {}],
    ["is there again at once", (watch) => [watch.link(true), watch.link(false), watch.link(true)], {}],
    ["cannot come any more, because the session has ended", (watch) => [watch.ready(), watch.stop()], {}],
    ["ends with an agent that is stopped", (watch) => watch.link(false), { isStopping: () => true }],
  ])("says nothing if the bridge %s", async (_how, act, more) => {
    const { events, watch } = watching(more);
    act(watch);
    await stays(() => events.length === 0, {
      what: "nothing is said",
      because: "no time is left",
      forMs: 100,
    });
  });
});

import { describe, expect, test } from "bun:test";
import type { RetryShown } from "../../../src/domain/hook.ts";
import type { SessionEvent } from "../../../src/host/event-sender.ts";
import { createRetryWatch } from "../../../src/host/hear/retry-watch.ts";
import { silentLogger } from "../../../src/log.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

function setUp() {
  const sent: SessionEvent[] = [];
  const screen = {
    shown: undefined as RetryShown | undefined,
    ...{ isTurnOpen: true, reads: 0, fails: false },
  };
  const watch = createRetryWatch({
    turn: { isOpen: () => screen.isTurnOpen },
    events: { send: (event) => void sent.push(event) },
    log: silentLogger,
    everyMs: 5,
  });
  watch.start(async () => {
    screen.reads += 1;
    if (screen.fails) throw new Error("the terminal does not answer");
    return screen.shown;
  });
  const told = () => sent.map(({ kind, detail }) => [kind, detail]);
  const read = async () => {
    const before = screen.reads;
    await waitFor(() => screen.reads > before + 1, { what: "the screen is read" });
  };
  return { screen, watch, told, read };
}
const retry = (detail: string): RetryShown => ({ detail, error: "overloaded" });

describe("createRetryWatch()", () => {
  test("a screen that could not be read once is read again", async () => {
    const { screen, watch, told, read } = setUp();
    screen.fails = true;
    await read();
    screen.fails = false;
    screen.shown = retry("1/10: 529 Overloaded");
    await waitFor(() => told().length === 1, { what: "the retry is told" });
    watch.stop();
  });

  test("each retry that the screen shows is told once, and that it shows none any more", async () => {
    const { screen, watch, told, read } = setUp();
    await read();
    expect(told()).toEqual([]);
    screen.shown = retry("1/10: 529 Overloaded");
    await read();
    screen.shown = retry("2/10: 529 Overloaded");
    await read();
    screen.shown = undefined;
    await read();
    watch.stop();
    expect(told()).toEqual([
      ["retry", "1/10: 529 Overloaded"],
      ["retry", "2/10: 529 Overloaded"],
      ["retry_end", undefined],
    ]);
  });

  test("the screen is read only while a turn runs, and a retry in the next turn is told anew", async () => {
    const { screen, watch, told, read } = setUp();
    screen.shown = retry("1/10: 529 Overloaded");
    await read();
    screen.isTurnOpen = false;
    await stays(() => told().length === 1, { what: "nothing is told", because: "no turn runs", forMs: 40 });
    screen.isTurnOpen = true;
    await read();
    watch.stop();
    expect(told()).toEqual([
      ["retry", "1/10: 529 Overloaded"],
      ["retry", "1/10: 529 Overloaded"],
    ]);
    const { reads } = screen;
    await stays(() => screen.reads <= reads + 1, {
      what: "it is read no more",
      because: "it is stopped",
      forMs: 40,
    });
  });
});

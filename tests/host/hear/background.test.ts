import { describe, expect, test } from "bun:test";
import type { BackgroundTask } from "../../../src/domain/hook.ts";
import { createBackground } from "../../../src/host/hear/background.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

const shell: BackgroundTask = { id: "b1", type: "shell", description: "npm run build" };
const subagent: BackgroundTask = { id: "a1", type: "subagent" };

function start({ wakeWithinMs = 20 } = {}) {
  let isOpen = false;
  const heard: string[] = [];
  const background = createBackground({ isTurnOpen: () => isOpen, wakeWithinMs });
  background.onChange(() => heard.push(`change ${background.running().length}`));
  background.onQuiet(() => heard.push("quiet"));
  return {
    ...{ background, heard },
    openTurn(open: boolean) {
      isOpen = open;
      if (open) background.noteTurn();
    },
  };
}

describe("createBackground()", () => {
  test("keeps what runs, each once, and tells each change of the list alone", () => {
    const { background, heard } = start();
    background.begin(shell);
    background.begin(shell);
    background.begin(subagent);
    expect(background.running()).toEqual([shell, subagent]);
    background.set([shell, subagent]);
    expect(heard).toEqual(["change 1", "change 2"]);
    background.end("a1");
    background.end("unknown");
    expect(background.running()).toEqual([shell]);
    expect(heard).toEqual(["change 1", "change 2", "change 1"]);
  });

  test("the CLI's own list takes the place of ours", () => {
    const { background, heard } = start();
    background.begin(shell);
    background.set([subagent]);
    expect(background.running()).toEqual([subagent]);
    expect(heard).toEqual(["change 1", "change 1"]);
  });

  test("is busy after the last end until its model must have woken, and then quiet", async () => {
    const { background, heard } = start();
    expect(background.isBusy()).toBe(false);
    background.begin(shell);
    expect(background.isBusy()).toBe(true);
    background.end("b1");
    expect(background.isBusy()).toBe(true);
    await waitFor(() => heard.includes("quiet"), { what: "it is quiet" });
    expect(background.isBusy()).toBe(false);
    expect(heard).toEqual(["change 1", "change 0", "quiet"]);
  });

  const because = "it would be quiet after 20 ms";

  test("a turn that begins in time ends the wait, and nothing is quiet", async () => {
    const { background, heard, openTurn } = start();
    background.begin(shell);
    background.end("b1");
    openTurn(true);
    expect(background.isBusy()).toBe(false);
    await stays(() => !heard.includes("quiet"), { what: "it is not called quiet", because, forMs: 60 });
  });

  test("an end within a turn wakes nobody: that turn's own end decides", async () => {
    const { background, heard, openTurn } = start();
    background.begin(shell);
    openTurn(true);
    background.end("b1");
    expect(background.isBusy()).toBe(false);
    await stays(() => !heard.includes("quiet"), { what: "it is not called quiet", because, forMs: 60 });
  });

  test("what begins while its model is to wake goes on as work", async () => {
    const { background, heard } = start();
    background.begin(shell);
    background.end("b1");
    background.begin(subagent);
    await stays(() => !heard.includes("quiet"), { what: "it is not called quiet", because, forMs: 60 });
    expect(background.isBusy()).toBe(true);
  });
});

// As a host shows it, over a real nats-server and a real server, around a CLI that is the test.
import { describe, expect, test } from "bun:test";
import type { TakenOrder } from "../../../src/agent-link/read-order.ts";
import { claudeSession } from "../../../src/agents/claude/claude-session.ts";
import { createStops } from "../../../src/host/steer/stops.ts";
import { fakeCli, id, openStream, startHosted, tool } from "../../support/hosted-session.ts";
import { waitFor } from "../../support/wait-for.ts";

describe("createStops()", () => {
  test("a stop shuts the gate for all tools but our own, and its end is written down with the process's own", async () => {
    await using ada = await startHosted();
    const cli = fakeCli();
    ada.session.attach(cli.process);
    await ada.begin();
    const commandId = await ada.send("stop", { reason: "lunch" });
    await ada.receipts("injected");
    expect(await ada.hook("PreToolUse", tool)).toMatchObject({
      hookSpecificOutput: {
        permissionDecision: "deny",
        permissionDecisionReason: expect.stringContaining("lunch"),
      },
    });
    expect(await ada.hook("PreToolUse", { ...tool, tool_name: "mcp__cliai__report_status" })).toEqual({});
    expect(cli.signals).toEqual([]);
    await ada.hook("Stop");
    await ada.receipts("injected", "applied");
    expect(cli.signals).toEqual(["SIGTERM"]);
    const last = ada.server.fleet.get(id)?.commands.at(-1);
    expect(last?.command_id).toBe(commandId);
    expect(last?.receipts.at(-1)?.detail).toBe("its turn had ended; its process ended: exit code 143");
  });

  test.each([
    [true, "its turn had ended"],
    [false, "no turn ran"],
  ])("a stop says whether it has waited for a turn: %p", async (mayBeOpen, why) => {
    const written: unknown[] = [];
    const stops = createStops({
      gate: { shut: () => undefined },
      turn: { mayBeOpen: () => mayBeOpen },
      background: { isBusy: () => false, running: () => [] },
      telling: { tell: () => Promise.resolve(), settled: () => Promise.resolve() },
      whenStarted: Promise.resolve(fakeCli().process),
      begun: [],
      receipts: { write: ({ state, detail }) => written.push([state, detail]) },
    });
    const stop: TakenOrder = { command_id: "s", type: "stop", from: "eve", reason: "", force: false };
    stops.take(stop);
    if (mayBeOpen) stops.quiet();
    await waitFor(() => written.length > 0, { what: "its end" });
    expect(written).toEqual([["applied", `${why}; its process ended: exit code 143`]]);
  });

  test("a stop whose deadline passes ends a session that does not finish", async () => {
    await using ada = await startHosted();
    ada.session.attach(fakeCli().process);
    await ada.begin();
    ada.bus.publish("agent.ada.shutdown", {
      reason: "time is up",
      approved: true,
      force: false,
      deadline_s: 0.2,
    });
    await ada.receipts("injected", "applied");
    expect(ada.server.fleet.get(id)?.commands.at(-1)?.receipts.at(-1)?.detail).toContain(
      "it had not finished within 0.2 s",
    );
  });

  test.each(["before", "after"])(
    "a stop that comes %s the beginning of a session without a prompt ends it at once, though no hook was called",
    async (when) => {
      await using ada = await startHosted({ cli: { ...claudeSession, beginsByPrompt: true } });
      ada.session.attach(fakeCli().process);
      if (when === "after") ada.session.bridgeNews({ status: "connected" });
      await ada.send("stop");
      if (when === "before") {
        await ada.receipts();
        ada.session.bridgeNews({ status: "connected" });
      }
      await ada.receipts("applied");
      const { detail } = ada.server.fleet.get(id)?.commands.at(-1)?.receipts.at(-1) ?? {};
      // The receipt `delivered` comes before the host carries the stop out, so the beginning may still be first.
      expect(detail).toMatch(/^(its turn had ended|no turn ran); its process ended: exit code 143$/);
      if (when === "after") expect(detail).toStartWith("no turn ran");
    },
  );

  test("a forced stop after a graceful one ends the session at once, and both have their end", async () => {
    await using ada = await startHosted();
    const cli = fakeCli();
    ada.session.attach(cli.process);
    await ada.begin();
    const graceful = await ada.send("stop", { reason: "lunch" });
    await ada.receipts("injected");
    const forced = await ada.send("stop", { force: true });
    await waitFor(() => Object.values(ada.outcomes()).every((each) => each.startsWith("applied")), {
      ...{ what: "both are applied", saw: () => ada.outcomes() },
    });
    const how = "applied: forced; its process ended: exit code 143";
    expect(ada.outcomes()).toEqual({ [graceful]: how, [forced]: how });
    expect(cli.signals).toEqual(["SIGTERM"]);
  });

  test("a later stop with a nearer deadline counts", async () => {
    await using ada = await startHosted();
    const cli = fakeCli();
    ada.session.attach(cli.process);
    await ada.begin();
    await ada.send("stop"); // within a minute
    await ada.receipts("injected");
    const nearer = "nearer";
    const order = { command_id: nearer, reason: "quick", approved: true, force: false, deadline_s: 1 };
    ada.bus.publish("agent.ada.shutdown", order);
    await waitFor(
      () => ada.outcomes()[nearer]?.startsWith("applied: it had not finished within 1 s") === true,
      {
        ...{ what: "it is ended", saw: () => ada.outcomes() },
      },
    );
  });

  test("a session that ends by itself while it is asked to stop and is paused has both written down", async () => {
    await using ada = await startHosted();
    const cli = fakeCli();
    ada.session.attach(cli.process);
    await ada.begin();
    const pause = await ada.send("pause");
    await ada.receipts("injected");
    const stop = await ada.send("stop");
    await ada.receipts("injected");
    cli.end("exit code 1");
    await ada.end();
    await waitFor(() => Object.values(ada.outcomes()).every((each) => /^(applied|failed)/.test(each)), {
      ...{ what: "both have their end", saw: () => ada.outcomes() },
    });
    expect(ada.outcomes()).toEqual({
      [pause]: "failed: the session has ended: the test is over",
      [stop]: "applied: it ended by itself: the test is over",
    });
    expect(cli.signals).toEqual([]);
  });

  test("a stop that comes before the CLI runs ends it as soon as it does", async () => {
    await using ada = await startHosted();
    await ada.send("stop", { force: true });
    await ada.receipts();
    const cli = fakeCli();
    ada.session.attach(cli.process);
    // Nothing was told: no hook has been called.
    await ada.receipts("applied");
    expect(cli.signals).toEqual(["SIGTERM"]);
  });

  test("a stop by force ends a CLI that takes nothing it is told", async () => {
    await using ada = await startHosted();
    const cli = fakeCli();
    const never = new Promise<never>(() => undefined);
    ada.session.attach(cli.process);
    ada.session.open({ stream: { ...openStream, say: () => never, interrupt: () => never } });
    await ada.begin();
    await ada.send("stop", { force: true });
    await ada.receipts("applied");
    expect(cli.signals).toEqual(["SIGTERM"]);
  });

  test("after a stop an agent may report and ask, and a captain commands nobody", async () => {
    await using ada = await startHosted();
    await ada.begin();
    await ada.send("stop");
    await ada.receipts("injected");
    const answers = await Promise.all(
      ["acknowledge", "ask_human", "command_agent", "spawn_agent", "broadcast"].map((name) =>
        ada.hook("PreToolUse", { tool_name: `mcp__cliai__${name}`, tool_input: {} }),
      ),
    );
    const denied = answers.map((answer) => JSON.stringify(answer).includes("deny"));
    expect(denied).toEqual([false, false, true, true, true]);
  });

  test("a stop ends the wait for the approval of a turn's end, and the request is taken back", async () => {
    await using ada = await startHosted({ stopApproval: { waitS: 3_600, unanswered: "go_on" } });
    const cli = fakeCli();
    ada.session.attach(cli.process);
    await ada.begin();
    const end = ada.hook("Stop", { last_assistant_message: "all done" });
    const open = () => ada.server.requests.open();
    await waitFor(() => open().length === 1, { what: "the request is asked" });
    await ada.send("stop");
    expect(await end).toEqual({});
    await waitFor(() => ada.server.requests.all().every(({ state }) => state === "withdrawn"), {
      ...{ what: "it is withdrawn", saw: () => ada.server.requests.all() },
    });
    await ada.receipts("injected", "applied");
  });
});

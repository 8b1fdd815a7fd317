// The host of a session over a real nats-server and a real server, around a CLI that is the test: it sends hooks, and takes or
// swallows what it is given. What is of one part of the host has a test of its own beside it.
import { describe, expect, test } from "bun:test";
import { fakeCli, hookOf, id, openStream, startHosted, tool } from "../support/hosted-session.ts";
import { waitFor } from "../support/wait-for.ts";

describe("startHost()", () => {
  test("where the CLI is known to call no hooks, the fleet says that nothing can hold the agent, until a hook comes", async () => {
    const unheld = "/home/ada/settings.json sets disableAllHooks";
    await using ada = await startHosted({ unheld });
    ada.session.bridgeNews({ status: "connected" });
    ada.session.report({ kind: "usage", usage: { tokens_used: 5 } });
    await waitFor(() => ada.axes()?.control.reason === `nothing can hold this agent: ${unheld}`, {
      ...{ what: "it says so", saw: ada.axes },
    });
    await waitFor(() => ada.server.fleet.get(id)?.usage?.tokens_used === 5, { what: "its figures" });
    expect(ada.axes()?.activity).toMatchObject({ value: "unknown", reason: `no hook tells it: ${unheld}` });
    await ada.send("pause");
    await ada.receipts();
    await waitFor(() => ada.axes()?.control.value === "pause_requested", { what: "it is asked to pause" });
    expect(ada.axes()?.control.reason).toBe(`pause by eve; nothing can hold this agent: ${unheld}`);
    await ada.begin();
    await ada.receipts("injected");
    expect(ada.axes()?.control.reason).toBe("pause by eve");
    expect(ada.axes()?.activity.value).toBe("working");
  });

  test("the cost that a CLI invents for a model of the user's own is not told, and its tokens are", async () => {
    await using ada = await startHosted({ localModel: { name: undefined } });
    const usage = {
      ...{ tokens_used: 5, estimated_cost: 0.5, source: "results" as const },
      model: "/srv/models/tiny.Q4_1.gguf",
    };
    ada.session.report({ kind: "usage", usage });
    await waitFor(() => ada.server.fleet.get(id)?.usage?.tokens_used === 5, { what: "its figures" });
    expect(ada.server.fleet.get(id)?.usage?.estimated_cost).toBeUndefined();
    expect(ada.server.fleet.get(id)?.usage?.model).toBe("tiny.Q4_1.gguf");
  });

  test("a model of the user's own has the name of its launch, and not the path that its server tells", async () => {
    await using ada = await startHosted({ localModel: { name: "tiny" } });
    const usage = { tokens_used: 5, model: "/srv/models/tiny.Q4_1.gguf" };
    ada.session.report({ kind: "usage", usage });
    await waitFor(() => ada.server.fleet.get(id)?.usage?.tokens_used === 5, { what: "its figures" });
    expect(ada.server.fleet.get(id)?.usage?.model).toBe("tiny");
  });

  test("a session that asks its model and calls no hook is told as one that nothing can hold", async () => {
    await using ada = await startHosted();
    await ada.hook("SessionStart", { source: "startup" });
    const value = (stringValue: string) => ({ stringValue });
    const attributes = [
      { key: "event.name", value: value("api_request") },
      { key: "request_id", value: value("r1") },
      { key: "input_tokens", value: { intValue: 7 } },
    ];
    ada.session.telemetry({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes }] }] }] });
    await waitFor(
      () =>
        ada
          .axes()
          ?.control.reason.startsWith("nothing can hold this agent: its CLI sends requests to its model"),
      {
        ...{ what: "it says so", saw: ada.axes },
      },
    );
    expect(ada.axes()?.activity.value).not.toBe("idle");
    await ada.hook("PreToolUse", tool);
    await waitFor(() => ada.axes()?.control.reason === "nothing else was asked", {
      what: "a hook has come",
      saw: ada.axes,
    });
  });

  test.each([
    [
      "its session opens",
      false,
      (ada: Awaited<ReturnType<typeof startHosted>>) => ada.session.open({ stream: openStream }),
    ],
    ["it calls its first hook", true, (ada: Awaited<ReturnType<typeof startHosted>>) => ada.begin()],
    [
      "its terminal shows its prompt",
      true,
      (ada: Awaited<ReturnType<typeof startHosted>>) => {
        const terminal = {
          ...{ type: () => Promise.resolve(false), noteSent: () => undefined },
          readBeginning: () => Promise.resolve("prompt" as const),
        };
        ada.session.open({ terminal });
        ada.session.attach(fakeCli().process);
      },
    ],
  ])(
    "a CLI that has not started cliai's MCP server in time after %s is told of",
    async (_, isOnTerminal, begin) => {
      await using ada = await startHosted({
        ...{ hasStream: !isOnTerminal, bridgeStartsWithinMs: 50 },
        ...(isOnTerminal ? { mayAskAtTerminal: "it may ask", beginsWithinMs: 50 } : {}),
      });
      await begin(ada);
      const isTold = () => ada.server.fleet.timeline(id).some(({ kind }) => kind === "tools_lost");
      await waitFor(isTold, { what: "the event tools_lost" });
    },
  );

  test("what the stream shows of a tool's end is told as its hook would have told it", async () => {
    await using ada = await startHosted();
    await ada.hook("PreToolUse", tool);
    const running = () => ada.server.fleet.get(id)?.axes.activity.reason ?? "";
    await waitFor(() => running().includes("Bash"), { what: "its tool is shown", saw: running });
    ada.session.observe(hookOf({ ...tool, hook_event_name: "PostToolUse", tool_response: "ok" }));
    await waitFor(() => !running().includes("runs Bash"), { what: "its end is shown", saw: running });
  });
});

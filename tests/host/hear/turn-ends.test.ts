// As a host shows it, over a real nats-server and a real server, around a CLI that is the test.
import { describe, expect, test } from "bun:test";
import { waitFor } from "../../support/wait-for.ts";
import { fakeCli, id, openStream, startHosted, tool } from "../hosted-session.ts";

describe("createTurnEnds()", () => {
  test("a turn that its CLI ends although the end was refused makes no task applied", async () => {
    await using ada = await startHosted({
      stopApproval: { waitS: 0, unanswered: "go_on" },
      hasStream: true,
    });
    ada.session.open({ stream: openStream });
    const taskId = await ada.send("task");
    await ada.receipts("injected");
    await ada.hook("UserPromptSubmit", { prompt: `[cliai task ${taskId}] dig` });
    ada.answered(taskId);
    await ada.receipts("injected", "seen");
    expect(await ada.hook("Stop", { last_assistant_message: "all done" })).toMatchObject({
      decision: "block",
    });
    ada.session.turnResult({ isError: false, wasAsked: true, text: "all done" });
    await ada.receipts("injected", "seen", "failed");
    expect(ada.outcomes()[taskId]).toContain("its end was refused");
    await waitFor(() => ada.server.fleet.get(id)?.axes.activity.value === "idle", {
      what: "its turn is over",
    });
  });

  test("an end that the CLI waits for no more ends no turn", async () => {
    await using ada = await startHosted({ stopApproval: { waitS: 1, unanswered: "end" } });
    await ada.begin();
    const given = new AbortController();
    const late = ada.session.hook({ hook_event_name: "Stop", session_id: "s1" }, given.signal);
    given.abort();
    expect(await late).toEqual({});
    await ada.send("pause");
    // A turn still runs, as far as is known: the pause waits for its next tool.
    await ada.receipts("injected");
  });

  test("a turn whose end no hook tells ends with the result of the stream", async () => {
    await using ada = await startHosted();
    ada.session.attach(fakeCli().process);
    await ada.hook("PreToolUse", tool);
    const activity = () => ada.server.fleet.get(id)?.axes.activity.value;
    await waitFor(() => activity() === "working", { what: "it works", saw: activity });
    ada.session.turnResult({ isError: false, wasAsked: true, text: "done" });
    await waitFor(() => activity() === "idle", { what: "it is idle", saw: activity });
    await ada.send("pause");
    await ada.receipts("injected", "applied");
  });
});

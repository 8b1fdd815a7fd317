// As a host shows it, over a real nats-server and a real server, around a CLI that is the test.
import { describe, expect, test } from "bun:test";
import { expiryText } from "../../src/domain/requests.ts";
import { hookOf, id, startHosted, tool } from "../support/hosted-session.ts";
import { staysPending, waitFor } from "../support/wait-for.ts";

const asksColour = {
  tool_name: "AskUserQuestion",
  tool_input: {
    questions: [
      { question: "Which?", header: "Q", multiSelect: false, options: [{ label: "red" }, { label: "blue" }] },
    ],
  },
};

const held = { what: "the hook is held", because: "an answer at once would have come by then" };

/** Claude's telemetry about a tool call that its user has allowed or refused in the dialog. */
function decisionOn(tool_use_id: string): object {
  const attributes = Object.entries({ "event.name": "tool_decision", tool_use_id, decision: "accept" });
  const logRecords = [
    { attributes: attributes.map(([key, stringValue]) => ({ key, value: { stringValue } })) },
  ];
  return { resourceLogs: [{ scopeLogs: [{ logRecords }] }] };
}

const approved = {
  ...{ hook_event_name: "PostToolUse", tool_name: "mcp__cliai__request_stop_approval" },
  ...{ tool_use_id: "u2", tool_response: [{ type: "text", text: '{"approved": true}' }] },
};

describe("createApprovals()", () => {
  test("a permission that the CLI waits for no more is taken back, and one asked after a stop is refused unasked", async () => {
    await using ada = await startHosted({ permissions: "inbox" });
    await ada.begin();
    const given = new AbortController();
    const asking = ada.session.hook({ hook_event_name: "PermissionRequest", ...tool }, given.signal);
    await waitFor(() => ada.server.requests.all().length === 1, { what: "the request is asked" });
    given.abort();
    await asking;
    await waitFor(() => ada.server.requests.all().every(({ state }) => state === "withdrawn"), {
      what: "it is withdrawn",
    });
    const attention = () => ada.server.fleet.get(id)?.axes.attention;
    await waitFor(() => attention()?.value === "none", { what: "nothing waits", saw: attention });
    await ada.send("stop", { reason: "lunch" });
    await ada.receipts("injected");
    expect(await ada.hook("PermissionRequest", tool)).toMatchObject({
      hookSpecificOutput: { decision: { behavior: "deny", message: expect.stringContaining("lunch") } },
    });
    expect(ada.server.requests.all()).toHaveLength(1);
  });

  test("a permission that would be for more than this call is asked for with the words of what it allows", async () => {
    await using ada = await startHosted({ permissions: "inbox" });
    await ada.begin();
    const asking = hookOf({ hook_event_name: "PermissionRequest", ...tool });
    const grants = "Always allow in this project: ls";
    const answered = ada.session.takeHook({
      ...asking,
      tool: { name: "Bash", input: {}, isOwn: false, grants },
    });
    const request = await waitFor(() => ada.server.requests.all()[0], { what: "the request is asked" });
    expect(request.question).toBe(
      `May it use Bash from now on, not only this once (the only approval that its CLI offers: "${grants}")?`,
    );
    await ada.server.requests.answer(request.request_id, { approved: true }, "eve");
    expect(await answered).toMatchObject({ type: "permit" });
  });

  test("questions that nobody answers in time are denied in words that the model can act on", async () => {
    await using ada = await startHosted({ permissions: "inbox", holdMs: 6_000 });
    await ada.begin();
    const answer = await ada.hook("PermissionRequest", asksColour);
    expect(answer).toMatchObject({
      hookSpecificOutput: {
        decision: {
          behavior: "deny",
          message: expect.stringMatching(/^Nobody has answered .* within 1 s\. Decide/),
        },
      },
    });
    expect(ada.server.requests.all()).toMatchObject([{ kind: "question", state: "expired" }]);
  });

  test("a permission that nobody answers in time is refused in words that the model can act on", async () => {
    const unanswered = { policy: "refuse", afterS: 1 } as const;
    await using ada = await startHosted({ permissions: "inbox", unanswered });
    await ada.begin();
    const answer = await ada.hook("PermissionRequest", tool);
    expect(answer).toMatchObject({
      hookSpecificOutput: {
        decision: {
          behavior: "deny",
          message: expect.stringMatching(
            /^Nobody has answered within 1 s whether you may use Bash, .* Go on/,
          ),
        },
      },
    });
  });

  test("or held, where its profile says so, until somebody answers", async () => {
    const unanswered = { policy: "hold", afterS: 1 } as const;
    await using ada = await startHosted({ permissions: "inbox", unanswered });
    await ada.begin();
    const asking = ada.hook("PermissionRequest", tool);
    const all = () => ada.server.requests.all().map(({ state }) => state);
    await waitFor(() => all().includes("expired") && all().includes("asked"), {
      what: "one has expired, and it is asked anew",
      saw: all,
    });
    const [open] = ada.server.requests.open();
    expect(open && expiryText(open)).toBe("it is asked again");
    await ada.server.requests.answer(open?.request_id ?? "", { approved: true }, "ann");
    expect(await asking).toMatchObject({ hookSpecificOutput: { decision: { behavior: "allow" } } });
  });

  test("an answer that meets a pause has not reached the CLI before it is let go", async () => {
    await using ada = await startHosted({ permissions: "inbox" });
    await ada.begin();
    const asking = ada.hook("PermissionRequest", asksColour);
    await waitFor(() => ada.server.requests.open().length === 1, { what: "the request is asked" });
    await ada.send("pause");
    await ada.receipts("injected");
    const [request] = ada.server.requests.open();
    await ada.server.requests.answer(request?.request_id ?? "", { text: "2" }, "ann");
    await ada.receipts("injected", "applied"); // held, with the answer
    const answerId = `answer-${request?.request_id}`;
    const life = () => {
      const commands = ada.server.fleet.get(id)?.commands ?? [];
      return commands.find(({ command_id }) => command_id === answerId)?.receipts.map(({ state }) => state);
    };
    await waitFor(() => life()?.includes("delivered"), { what: "the host has it", saw: life });
    expect(life()).not.toContain("injected");
    await ada.send("resume");
    expect(await asking).toMatchObject({
      hookSpecificOutput: {
        decision: {
          behavior: "allow",
          updatedInput: { ...asksColour.tool_input, answers: { "Which?": "blue" } },
        },
      },
    });
    await waitFor(() => life()?.includes("injected"), { what: "the CLI has it", saw: life });
  });

  test("a permission that is given while the agent is paused waits for nobody more, though the tool is held", async () => {
    await using ada = await startHosted({ permissions: "inbox" });
    await ada.begin();
    await ada.hook("PreToolUse", tool);
    const asking = ada.hook("PermissionRequest", tool);
    await waitFor(() => ada.server.requests.open().length === 1, { what: "the request is asked" });
    await ada.send("pause");
    await ada.receipts("injected");
    await ada.server.requests.answer(
      ada.server.requests.open()[0]?.request_id ?? "",
      { approved: true },
      "ann",
    );
    await ada.receipts("injected", "applied"); // held, with the permission
    await waitFor(() => ada.axes()?.attention.value === "none", { what: "nothing waits", saw: ada.axes });
    expect(ada.axes()?.control.value).toBe("paused");
    await ada.send("resume");
    expect(await asking).toMatchObject({ hookSpecificOutput: { decision: { behavior: "allow" } } });
  });

  test("a dialog at the terminal is answered once its user has decided, and not only when the tool has ended", async () => {
    await using ada = await startHosted();
    const closed = Promise.withResolvers<void>();
    ada.session.open({
      terminal: { type: async () => false, noteSent: () => undefined, whenClosed: closed.promise },
    });
    await ada.begin();
    await ada.hook("PreToolUse", tool);
    const asking = ada.hook("PermissionRequest", tool);
    await waitFor(() => ada.axes()?.attention.value === "approval", { what: "it waits", saw: ada.axes });
    ada.session.telemetry(decisionOn("another"));
    await staysPending(asking, held);
    ada.session.telemetry(decisionOn("u1"));
    expect(await asking).toEqual({});
    await waitFor(() => ada.axes()?.activity.reason === "runs Bash", { what: "it works", saw: ada.axes });
    expect(ada.axes()).toMatchObject({ activity: { value: "working" }, attention: { value: "none" } });
    closed.resolve();
    await ada.hook("PostToolUse", tool);
    expect(ada.server.requests.all()).toEqual([]);
  });

  test("a request that is answered at the terminal is withdrawn while its tool runs", async () => {
    await using ada = await startHosted({ permissions: "inbox" });
    await ada.begin();
    await ada.hook("PreToolUse", tool);
    const asking = ada.hook("PermissionRequest", tool);
    await waitFor(() => ada.server.requests.open().length === 1, { what: "it is asked" });
    ada.session.telemetry(decisionOn("u1"));
    expect(await asking).toEqual({});
    await waitFor(() => ada.server.requests.all().every(({ state }) => state === "withdrawn"), {
      what: "it is withdrawn",
    });
    await waitFor(() => ada.axes()?.attention.value === "none", { what: "nothing waits", saw: ada.axes });
    expect(ada.axes()?.activity.value).toBe("working");
  });

  test("a dialog whose terminal closes is asked in the inbox, and so is each later one", async () => {
    await using ada = await startHosted();
    const closed = Promise.withResolvers<void>();
    ada.session.open({
      terminal: { type: async () => false, noteSent: () => undefined, whenClosed: closed.promise },
    });
    await ada.begin();
    await ada.hook("PreToolUse", tool);
    const asking = ada.hook("PermissionRequest", tool);
    await staysPending(asking, held);
    expect(ada.server.requests.all()).toEqual([]);
    // A subagent in the background shows its dialog only after the answer of the hook.
    expect(await ada.hook("PermissionRequest", { ...tool, tool_use_id: "u2", agent_id: "a1" })).toEqual({});
    closed.resolve();
    const answer = async (approved: boolean) => {
      await waitFor(() => ada.server.requests.open().length === 1, { what: "it is asked" });
      await ada.server.requests.answer(ada.server.requests.open()[0]?.request_id ?? "", { approved }, "ann");
    };
    await answer(true);
    expect(await asking).toMatchObject({ hookSpecificOutput: { decision: { behavior: "allow" } } });
    await ada.hook("PostToolUse", tool);
    const later = ada.hook("PermissionRequest", { ...tool, tool_use_id: "u3", agent_id: "a1" });
    await answer(false);
    expect(await later).toMatchObject({ hookSpecificOutput: { decision: { behavior: "deny" } } });
    // What the subagent asked before stands at a terminal that nobody sees: that is said, with what to do.
    await waitFor(() => ada.axes()?.attention.hint !== undefined, { what: "it is said", saw: ada.axes });
    expect(ada.axes()?.attention).toMatchObject({
      value: "approval",
      hint: expect.stringContaining("cliai attach ada"),
    });
  });

  test("two subagents that ask for the same wait each for itself, and past the end of the turn", async () => {
    await using ada = await startHosted();
    await ada.begin();
    const [first, second] = [
      { ...tool, agent_id: "s1", tool_use_id: "u1" },
      { ...tool, agent_id: "s2", tool_use_id: "u2" },
    ];
    for (const call of [first, second]) {
      await ada.hook("PreToolUse", call);
      const { tool_use_id: _, ...asked } = call; // 2.1.330 does not say of which call it is
      await ada.hook("PermissionRequest", asked);
    }
    await ada.hook("Stop");
    const attention = () => ada.server.fleet.get(id)?.axes.attention;
    await waitFor(() => attention()?.reason.includes("(and 1 more)"), { what: "both wait", saw: attention });
    await ada.hook("PostToolUse", second);
    await waitFor(() => attention()?.reason === "waits for a permission: Bash ls", {
      what: "one waits",
      saw: attention,
    });
    await ada.hook("PostToolUse", first);
    await waitFor(() => attention()?.value === "none", { what: "none waits", saw: attention });
  });

  test("an end that is to be approved follows the stated policy when the server is away, and at once", async () => {
    for (const [unanswered, answer] of [
      ["end", {}],
      ["go_on", { decision: "block" }],
    ] as const) {
      await using ada = await startHosted({ stopApproval: { waitS: 3_600, unanswered }, reachWithinMs: 300 });
      await ada.begin();
      await ada.server.stop();
      expect(await ada.hook("Stop", { last_assistant_message: "all done" })).toMatchObject(answer);
    }
  });

  test("while the end of its turn waits for the approval, the agent waits, and works on when it is refused", async () => {
    await using ada = await startHosted({ stopApproval: { waitS: 3_600, unanswered: "end" } });
    await ada.begin();
    await ada.hook("PreToolUse", tool);
    await ada.hook("PostToolUse", { ...tool, tool_response: "ok" });
    const shown = () => `${ada.axes()?.activity.value} !${ada.axes()?.attention.value}`;
    const once = (wanted: string) => waitFor(() => shown() === wanted, { what: wanted, saw: shown });
    await once("working !none");
    const end = ada.hook("Stop", { last_assistant_message: "all done" });
    await once("waiting !approval");
    const [request] = ada.server.requests.open();
    expect(request).toMatchObject({ kind: "stop_approval", context: "all done" });
    // Whether the turn ends then is said in the question: "without an answer it ends".
    expect(request && expiryText(request)).toBe("it counts as unanswered");
    const answer = { approved: false, reason: "write the docs" };
    await ada.server.requests.answer(request?.request_id ?? "", answer, "ann");
    expect(await end).toMatchObject({ decision: "block", reason: expect.stringContaining("write the docs") });
    await once("working !none");
  });

  test("an approval that is seen by the stream lets the turn end, until new words come after it", async () => {
    await using ada = await startHosted({ stopApproval: { waitS: 0, unanswered: "go_on" } });
    await ada.begin();
    ada.session.observe(hookOf(approved));
    expect(await ada.hook("Stop")).toEqual({});
    ada.session.observe(hookOf(approved));
    ada.session.takeSign({ type: "taken", text: "one thing more" });
    expect(await ada.hook("Stop")).toMatchObject({ decision: "block" });
  });
});

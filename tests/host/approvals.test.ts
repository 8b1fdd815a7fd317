// As a host shows it, over a real nats-server and a real server, around a CLI that is the test.
import { describe, expect, test } from "bun:test";
import { expiryText } from "../../src/domain/requests.ts";
import { waitFor } from "../support/wait-for.ts";
import { hookOf, id, startHosted, tool } from "./hosted-session.ts";

const asksColour = {
  tool_name: "AskUserQuestion",
  tool_input: {
    questions: [
      { question: "Which?", header: "Q", multiSelect: false, options: [{ label: "red" }, { label: "blue" }] },
    ],
  },
};

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

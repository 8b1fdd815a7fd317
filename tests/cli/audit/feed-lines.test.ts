// A record of AUDIT in one line, for a person.
import { describe, expect, test } from "bun:test";
import { createAlignedFeed, feedEntry, feedLine } from "../../../src/cli/audit/feed-lines.ts";

const record = (subject: string, message: unknown) => ({
  ...{ seq: 7, at: "2026-01-01T00:00:00Z", subject },
  data: new TextEncoder().encode(typeof message === "string" ? message : JSON.stringify(message)),
});
const line = (subject: string, message: unknown) =>
  feedLine(record(subject, message) as Parameters<typeof feedLine>[0], "14:03");

const at = (subject: string, message: object) => record(subject, message) as Parameters<typeof feedLine>[0];

describe("feedLine()", () => {
  test("names the agent and the topic, and what a person looks for first", () => {
    const receipt = { state: "failed", command_id: "c1", detail: "no such file", run: "r1" };
    expect(line("agent.ada.receipt", receipt)).toBe("14:03  ada  receipt  failed · no such file");
    const event = { kind: "tool_start", tool: "Bash", detail: "make", generation: 1, seq: 2 };
    expect(line("agent.ada.event", event)).toBe("14:03  ada  event  tool_start · Bash · make");
  });

  test.each([
    ["its text", { type: "task", payload: "dig" }, "task · dig"],
    ["the words of an object", { type: "task", payload: { text: "dig" } }, "task · dig"],
    ["nothing", { type: "pause", payload: null }, "pause"],
    ["nothing either", { type: "pause", payload: "" }, "pause"],
  ])("shows of a command's payload %s", (_, message, words) => {
    expect(line("agent.ada.command", message)).toBe(`14:03  ada  command  ${words}`);
  });

  test("leaves out what is empty or no text", () => {
    expect(line("agent.ada.status", { status: "idle", message: "", current_task: null, reason: 7 })).toBe(
      "14:03  ada  status  idle",
    );
  });

  test("shows what is no JSON, and nothing that the terminal would obey", () => {
    expect(line("agent.ada.event", "hello {")).toBe("14:03  ada  event  hello {");
    expect(line("agent.ada.status", { message: "\u001b[2Jgone" })).not.toContain("\u001b");
    for (const subject of ["agent.\u001b[2J.status", "agent.\u001b[2J"]) {
      expect(line(subject, { status: "idle" })).not.toContain("\u001b");
      expect(createAlignedFeed([])(at(subject, { status: "idle" }), "14:03")).not.toContain("\u001b");
    }
  });

  test("names what belongs to no agent by its subject", () => {
    expect(line("fleet.something", { kind: "x" })).toBe("14:03  fleet.something  x");
  });
});

test("createAlignedFeed() puts the names below each other, and makes room for a longer one", () => {
  const line = createAlignedFeed(["ada", "Snake-1234"]);
  expect(
    [
      line(at("agent.ada.status", { status: "idle" }), "14:00"),
      line(at("agent.Snake-1234.receipt", { state: "delivered" }), "14:01"),
      line(at("dashboard.alert", { kind: "crashed", severity: "warning", message: "ada" }), "14:02"),
      line(at("agent.a-longer-name.event", { kind: "said", detail: "done\u001b[2J" }), "14:03"),
      line(at("agent.ada.status", { status: "idle" }), "14:04"),
    ].join("\n"),
  ).toBe(
    [
      "14:00  ada         status     idle",
      "14:01  Snake-1234  receipt    delivered",
      "14:02  dashboard   alert      crashed · warning · ada",
      "14:03  a-longer-name  event      said · done\ufffd[2J",
      "14:04  ada            status     idle",
    ].join("\n"),
  );
});

test("feedEntry() keeps the whole message; the text of one that is no JSON", () => {
  const of = (message: unknown) =>
    feedEntry(record("agent.ada.status", message) as Parameters<typeof feedEntry>[0]);
  expect(of({ status: "idle", more: 7 })).toEqual({
    ...{ seq: 7, at: "2026-01-01T00:00:00Z", subject: "agent.ada.status" },
    message: { status: "idle", more: 7 },
  });
  expect(of("hello {").message).toBe("hello {");
  expect(String(of("x".repeat(9_000)).message)).toHaveLength(4_096);
});

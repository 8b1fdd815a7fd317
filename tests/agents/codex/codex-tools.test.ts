// The calls of Codex's tools as the host names them, and how each went.
import { describe, expect, test } from "bun:test";
import { readCodexEvent } from "../../../src/agents/codex/codex-events.ts";
import {
  callOf,
  pathsOf,
  scriptOf,
  showsServerLost,
  toolHook,
} from "../../../src/agents/codex/codex-tools.ts";

const item = (fields: object) => {
  const params = { threadId: "t", turnId: "u", item: { id: "i1", status: "completed", ...fields } };
  const read = readCodexEvent("item/completed", params);
  if (read?.method !== "item/completed") throw new Error("it is none");
  return read.params.item;
};
const command = (fields: object) =>
  callOf(item({ type: "commandExecution", command: "make", cwd: "/p", ...fields }));

describe("callOf()", () => {
  test.each([
    [{ exitCode: 0 }, undefined],
    [{ exitCode: 2 }, "exit code 2"],
    [{ exitCode: 0, status: "failed" }, "exit code 0"],
    [{ exitCode: null, status: "declined" }, "it declined"],
    [{ status: "completed" }, undefined],
  ])("says of a command with %p how it failed: %p", (fields, error) => {
    expect(command(fields)?.error).toBe(error as string);
  });

  test("shows the script without Codex's own shell around it", () => {
    expect(command({ command: "/bin/bash -lc 'make all'" })).toMatchObject({
      ...{ name: "Bash", input: { command: "make all", cwd: "/p" } },
    });
  });

  test.each([
    [{ type: "fileChange", changes: [{ path: "a" }, { path: "b" }] }, "apply_patch", { path: "a, b" }],
    [{ type: "mcpToolCall", server: "x", tool: "y", arguments: { z: 1 } }, "mcp__x__y", { z: 1 }],
    [{ type: "webSearch", query: "q" }, "web_search", { query: "q" }],
    [{ type: "imageView", path: "p" }, "view_image", { path: "p" }],
    [
      { type: "collabAgentToolCall", tool: "spawnAgent", prompt: "look" },
      "spawn_agent",
      { description: "look" },
    ],
    [{ type: "dynamicToolCall", tool: "t", arguments: { a: 1 } }, "t", { a: 1 }],
  ])("names %p", (fields, name, input) => {
    expect(callOf(item(fields))).toMatchObject({ id: "i1", name, input });
    expect(callOf(item(fields))?.error).toBeUndefined();
    expect(callOf(item({ ...fields, status: "failed" }))?.error).toBe("it failed");
    const told = { ...fields, status: "failed", error: { message: "why" } };
    expect(callOf(item(told))?.error).toBe("why");
  });

  test("takes no message for a call", () => {
    for (const type of ["userMessage", "agentMessage", "reasoning", "contextCompaction"])
      expect(callOf(item({ type }))).toBeUndefined();
  });
});

test("scriptOf() leaves a command whole whose script is quoted, or that is none of Codex's shell", () => {
  const quoted = "/bin/sh -c 'echo '\\''a'\\'''";
  expect(scriptOf(quoted)).toBe(quoted);
  expect(scriptOf("/usr/bin/zsh -c 'ls\n-l'")).toBe("ls\n-l");
  expect(scriptOf("python -c 'print(1)'")).toBe("python -c 'print(1)'");
  expect([scriptOf(null), scriptOf(undefined)]).toEqual([undefined, undefined]);
});

test("pathsOf() names the files of a patch; undefined for another form", () => {
  expect(pathsOf([{ path: "a", kind: "add" }, { path: "b" }])).toBe("a, b");
  expect(pathsOf({ a: 1 })).toBeUndefined();
});

test("showsServerLost() holds for a failed call of cliai's own tools whose server is gone, and for no other", () => {
  const lost = {
    type: "mcpToolCall",
    server: "cliai",
    status: "failed",
    error: { message: "Transport closed" },
  };
  expect(showsServerLost(item(lost))).toBe(true);
  for (const other of [
    { server: "x" },
    { status: "completed" },
    { error: { message: "no such agent" } },
    { type: "dynamicToolCall" },
  ])
    expect(showsServerLost(item({ ...lost, ...other }))).toBe(false);
});

describe("toolHook()", () => {
  const call = { name: "mcp__cliai__report_status", id: "i1", input: { command: "make" } };

  test("knows cliai's own tools, whose calls no pause holds; and no other server's of a like name", () => {
    const isOwn = (name: string) => toolHook("tool_start", { ...call, name }, undefined).tool?.isOwn;
    expect([
      isOwn("mcp__cliai__report_status"),
      isOwn("mcp__cliai__rm"),
      isOwn("mcp__cliai2__report_status"),
    ]).toEqual([true, false, false]);
    expect(isOwn("report_status")).toBe(false);
  });

  test("tells a failed call by its error, any other by its input, and a subagent's by its thread", () => {
    expect(toolHook("tool_failed", { ...call, error: "exit 1" }, undefined)).toMatchObject({
      ...{ facts: { kind: "tool_failed", detail: "exit 1" }, isSubagent: false },
    });
    expect(toolHook("tool_end", { ...call, result: "ok" }, "s1")).toMatchObject({
      facts: { kind: "tool_end", detail: "make", subagent: "s1", tool_use_id: "i1" },
      ...{ tool: { result: "ok" }, isSubagent: true },
    });
  });
});

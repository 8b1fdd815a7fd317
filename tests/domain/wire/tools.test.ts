import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import {
  callTimeoutMs,
  isAskingTool,
  isToolName,
  mayCall,
  mostWaitS,
  shownOwnTool,
  toolNames,
  toolNamesFor,
  tools,
} from "../../../src/domain/wire/tools.ts";

const ofCaptains = ["decide", "escalate", "broadcast", "command_agent", "spawn_agent"] as const;
const ofHosts = ["take_orders", "request_permission", "request_turn_end", "request_answers"] as const;

describe("toolNamesFor()", () => {
  test("models are shown what their role may call, and nothing of the hosts", () => {
    const forCaptains = toolNamesFor("captain");
    const forAgents = toolNamesFor("agent");
    expect(forCaptains.filter((name) => !forAgents.includes(name))).toEqual([...ofCaptains]);
    expect(toolNames.filter((name) => !forCaptains.includes(name))).toEqual([...ofHosts]);
  });
});

describe("mayCall()", () => {
  test("only a captain may call a captain's tools; everybody may call the others", () => {
    expect(toolNames.filter((name) => !mayCall("agent", name))).toEqual([...ofCaptains]);
    expect(toolNames.filter((name) => !mayCall("captain", name))).toEqual([]);
  });
});

describe("callTimeoutMs()", () => {
  test("a call that waits for a person takes as much longer as it waits", () => {
    expect(callTimeoutMs("report_status", { wait_s: 600 })).toBe(30_000);
    expect(callTimeoutMs("ask_human", { wait_s: 600 })).toBe(630_000);
    expect(callTimeoutMs("ask_human", { wait_s: 0 })).toBe(30_000);
    expect(callTimeoutMs("ask_human", { wait_s: mostWaitS })).toBe(86_430_000);
  });

  test("a wait that the tool would refuse counts as none given", () => {
    for (const wait_s of [undefined, "600", -1, mostWaitS + 1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(callTimeoutMs("request_stop_approval", { wait_s })).toBe(90_000);
  });
});

describe("isAskingTool()", () => {
  test("knows the tools with which a model waits, also by the names that its CLI gives them", () => {
    expect(toolNames.filter(isAskingTool)).toEqual(["ask_human", "request_stop_approval"]);
    const named = ["mcp__cliai__", "mcp_cliai_", "cliai__", "cliai_", "cliai-"].map(
      (prefix) => `${prefix}ask_human`,
    );
    expect(named.filter((name) => !isAskingTool(name))).toEqual([]);
    const others = [
      "Bash",
      "",
      "ask_human__x",
      "toString",
      "mcp__cliai__check_inbox",
      "mcp__other__ask_human",
    ];
    expect(others.filter(isAskingTool)).toEqual([]);
  });
});

describe("shownOwnTool()", () => {
  test("is the tool's own name, whatever the agent CLI puts before it", () => {
    expect(["report_status", "cliai-report_status", "mcp__cliai__report_status"].map(shownOwnTool)).toEqual(
      Array(3).fill("report_status"),
    );
    expect(["Bash", "cliai_", "cliai-take_orders", "x_cliai_decide"].map(shownOwnTool)).toEqual(
      Array(4).fill(undefined),
    );
  });
});

describe("isToolName()", () => {
  test("takes no name of what every object has", () => {
    for (const name of ["toString", "constructor", "__proto__"]) expect(isToolName(name)).toBe(false);
    expect(isToolName("decide")).toBe(true);
  });
});

describe("the arguments of the tools", () => {
  test.each<[keyof typeof tools, object, boolean]>([
    ["report_progress", { note: "half", percent: 50 }, true],
    ["report_progress", { note: "half", percent: 101 }, false],
    ["report_progress", { note: "" }, false],
    ["send_message", { to: "role:captain", text: "hello" }, true],
    ["send_message", { to: "all", text: " \n" }, false],
    ["send_message", { to: "a b", text: "hello" }, false],
    ["send_message", { to: "ada.*", text: "hello" }, false],
    ["acknowledge", { command_id: "c1", outcome: "applied" }, true],
    ["acknowledge", { command_id: "c1", outcome: "seen" }, false],
    ["acknowledge", { command_id: "c.1", outcome: "applied" }, false],
    ["command_agent", { id: "ada", type: "stop" }, true],
    ["command_agent", { id: "ada", type: "shutdown" }, false],
    ["ask_human", { question: "left?", wait_s: 86_401 }, false],
    ["ask_human", { question: "left?", expires_s: 0 }, false],
    ["check_inbox", { offset: -1 }, false],
    ["check_inbox", { offset: 0.5 }, false],
  ])("%s with %j: %p", (name, args, isTaken) => {
    expect(v.safeParse(tools[name].schema as v.GenericSchema, args).success).toBe(isTaken);
  });

  test("the input of a tool may be long, for which a permission is asked, but not without end", () => {
    const takes = (length: number) =>
      v.is(tools.request_permission.schema, { tool: "Bash", input: "x".repeat(length) });
    expect([takes(200_000), takes(200_001)]).toEqual([true, false]);
  });
});

import { describe, expect, test } from "bun:test";
import { mostWaitS } from "../../../../src/domain/wire/tools/tool-definition.ts";
import { callTimeoutMs, mayCall, toolNamesFor } from "../../../../src/domain/wire/tools/tool-rules.ts";
import { toolNames } from "../../../../src/domain/wire/tools/tools.ts";

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

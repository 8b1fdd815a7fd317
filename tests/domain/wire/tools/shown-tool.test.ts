import { describe, expect, test } from "bun:test";
import { isAskingTool, shownOwnTool } from "../../../../src/domain/wire/tools/shown-tool.ts";
import { toolNames } from "../../../../src/domain/wire/tools/tools.ts";

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

import { describe, expect, test } from "bun:test";
import { cliText, shownCli } from "../../../../src/domain/fleet/shown/shown-cli.ts";

const beat = { at: "2026-01-01T05:00:00.000Z", interval_s: 15 };
const client = { cli: "qwen-cli-mcp-client-cliai", cli_version: "0.0.1" };

describe("shownCli()", () => {
  test("is the agent CLI that cliai launched, whatever its MCP client calls itself", () => {
    const heartbeat = { ...beat, agent_cli: "qwen", agent_cli_version: "0.24.4" };
    expect(shownCli({ heartbeat, ...client })).toEqual({ name: "qwen", version: "0.24.4" });
  });

  test("is the MCP client of an agent that cliai did not launch, and nothing if that is not known", () => {
    expect(shownCli({ heartbeat: beat, ...client })).toEqual({ name: client.cli, version: "0.0.1" });
    expect(shownCli({ heartbeat: beat })).toBeUndefined();
    expect(shownCli({})).toBeUndefined();
  });
});

describe("cliText()", () => {
  test("has the release, if it is known", () => {
    const heartbeat = { ...beat, agent_cli: "codex" };
    expect(cliText({ heartbeat })).toBe("codex");
    expect(cliText({ heartbeat: { ...heartbeat, agent_cli_version: "0.171.0" } })).toBe("codex 0.171.0");
    expect(cliText({})).toBeUndefined();
  });
});

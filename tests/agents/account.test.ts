import { describe, expect, test } from "bun:test";
import { accountOf } from "../../src/agents/account.ts";
import { findAgentCli } from "../../src/agents/agent-clis.ts";

const of = (cli: string, env: Record<string, string>, more: { model?: string; hostname?: string } = {}) =>
  accountOf(findAgentCli(cli), { hostname: "m1", model: undefined, modelServer: undefined, env, ...more });

describe("accountOf()", () => {
  const home = { HOME: "/home/mia" };

  test("is the same for one login directory or one key, and another for another one, CLI or machine", () => {
    const names = [
      of("claude", home),
      of("claude", { ...home, CLAUDE_CONFIG_DIR: "/other" }),
      of("claude", { ...home, ANTHROPIC_API_KEY: "sk-1" }),
      of("claude", { ...home, ANTHROPIC_API_KEY: "sk-2" }),
      of("codex", home),
      of("claude", home, { hostname: "m2" }),
      of("opencode", home, { model: "anthropic/sonnet" }),
      of("opencode", home, { model: "openai/gpt" }),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(of("claude", { HOME: "/home/mia", CLAUDE_CONFIG_DIR: "/home/mia/.claude" })).toBe(
      of("claude", home),
    );
    expect(of("claude", { HOME: "/x", ANTHROPIC_API_KEY: "sk-1" })).toBe(names[2] ?? "");
  });

  test("tells nothing of the key, and is not there if no CLI's login is known", () => {
    expect(of("claude", { ANTHROPIC_API_KEY: "sk-secret" })).toMatch(/^[0-9a-f]{16}$/);
    expect(of("local", home)).toBeUndefined();
  });

  test("with a model server of the user's own it is that server's, with the key for it", () => {
    const at = (url: string, env: Record<string, string> = {}) =>
      accountOf(findAgentCli("codex"), {
        ...{ hostname: "m1", model: undefined, env },
        modelServer: { url, key_from: "THE_KEY" },
      });
    expect(at("http://gpu:8080")).toBe(at("http://gpu:8080/v1"));
    expect(at("http://gpu:8080")).not.toBe(at("http://gpu:8081"));
    expect(at("http://gpu:8080", { THE_KEY: "k" })).not.toBe(at("http://gpu:8080"));
  });
});

// An agent that a profile describes: here OpenCode, by its own ACP, offline.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { acpCliOf } from "../../../src/agents/acp/acp-profile.ts";
import type { AgentLaunch } from "../../../src/agents/agent-launch.ts";
import { startOpenaiChatServer } from "../../support/openai-chat-server.ts";
import { prepareOpencode } from "../../support/opencode-cli.ts";
import { waitFor } from "../../support/wait-for.ts";
import { sessionsOf } from "./opened-session.ts";

const mine = acpCliOf("acp:mine", { command: "opencode", args: ["acp"], rejectEndsTurn: true });
const openMine = sessionsOf(mine, startOpenaiChatServer, async (dir, model) => {
  const { work, env } = await prepareOpencode(dir, model, { config: { permission: { "*": "ask" } } });
  return { work, env, bin: dir.join("home/bin") };
});
const bash = (command: string) => ({ toolUses: [{ name: "bash", input: { command, description: "d" } }] });

describe("acpCliOf()", () => {
  test("a session: the role with the first prompt, a refusal with words, an interrupt", async () => {
    await using opened = await openMine(
      {
        rules: [
          { match: "LATER", turn: bash("echo $$ > pid; sleep 600") },
          { match: "FIRST", once: true, turn: bash("touch refused") },
        ],
      },
      {
        answer: ({ facts: { kind } }) => {
          if (kind !== "permission") return { type: "go" };
          return existsSync(pidFile()) || told > 0 ? { type: "permit" } : refuse();
        },
      },
    );
    let told = 0;
    const refuse = () => {
      told += 1;
      return { type: "forbid", reason: "LATER, please." } as const;
    };
    const pidFile = () => `${opened.work}/pid`;
    expect(opened.session.holdsOnlyAsked).toBe(true);
    expect(await opened.session.say("FIRST", "order-1")).toBe("started");
    const pid = await waitFor(() => existsSync(pidFile()) && readFileSync(pidFile(), "utf8").trim(), {
      ...{ what: "the command runs", saw: () => opened.told },
    });
    expect(await opened.session.say("meanwhile")).toBe("busy");
    await opened.session.interrupt();
    expect(await opened.result(1)).toMatchObject({ isError: true, text: "its turn was interrupted" });
    await waitFor(() => !existsSync(`/proc/${pid}`), { what: "the command has ended" });
    expect(existsSync(`${opened.work}/refused`)).toBe(false);
    expect(opened.told.signs).toContainEqual({ type: "taken", text: "FIRST", id: "order-1" });
    expect(JSON.stringify(opened.model.requests[0]?.body.messages)).toContain("You are ada.");
  });

  test.each<[Partial<AgentLaunch>, string]>([
    [{ model: "m" }, "cliai cannot give a model to acp:mine"],
    [
      { allowedTools: ["Bash"], strictMcp: true },
      "cliai cannot give allowed_tools, --strict-mcp to acp:mine",
    ],
  ])("refuses %j, which only the agent's own arguments can say", (more, message) => {
    const launch = { strictMcp: false, passedOn: [], ...more } as unknown as AgentLaunch;
    expect(() => mine.prepare(launch)).toThrow(message);
  });

  test("starts the program with the profile's arguments, and those of the launch after them", async () => {
    const launch = { strictMcp: false, passedOn: ["--debug"] } as unknown as AgentLaunch;
    expect(await mine.prepare(launch)).toEqual({ args: ["acp", "--debug"] });
    expect([mine.program, dirname(mine.program)]).toEqual(["opencode", "."]);
  });
});

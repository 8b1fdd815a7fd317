// The permission requests of agents that offer other answers than once yes and once no.
import { describe, expect, test } from "bun:test";
import { gemini } from "../../../src/agents/acp/agents/gemini.ts";
import type { Hook, HookAnswer } from "../../../src/domain/hook.ts";
import { openScripted } from "./scripted-agent.ts";

const once = { optionId: "yes", kind: "allow_once", name: "Allow" };
const always = { optionId: "always", kind: "allow_always", name: "Always allow in this project: touch" };
const no = { optionId: "no", kind: "reject_once", name: "Reject" };
const never = { optionId: "never", kind: "reject_always", name: "Never allow" };
const touch = { toolCallId: "run_shell_command__1", title: "touch a", kind: "execute" };
const report = { toolCallId: "mcp_cliai_report_status__1", title: "report", kind: "other" };
const selected = (optionId: string) => ({ outcome: { outcome: "selected", optionId } });
const cancelled = { outcome: { outcome: "cancelled" } };

async function openAsking(permission: HookAnswer) {
  const hooks: Hook[] = [];
  const agent = await openScripted(gemini, {
    async onHook(hook) {
      hooks.push(hook);
      return hook.facts.kind === "permission" ? permission : { type: "go" };
    },
  });
  await agent.session.say("work");
  await agent.prompted(1);
  return { agent, asked: () => hooks.filter(({ facts }) => facts.kind === "permission") };
}

describe("createAcpAsking()", () => {
  test("a yes is for this call alone, wherever among the options that stands", async () => {
    const { agent, asked } = await openAsking({ type: "permit" });
    using _ = agent;
    expect(await agent.ask(touch, [always, once, no])).toEqual(selected("yes"));
    expect(asked()).toHaveLength(1);
    expect(asked()[0]?.tool?.grants).toBeUndefined();
  });

  test("an agent that offers no yes for one call alone is asked about with the words of its option", async () => {
    const { agent, asked } = await openAsking({ type: "permit" });
    using _ = agent;
    expect(await agent.ask(touch, [always, no])).toEqual(selected("always"));
    expect(asked()).toMatchObject([{ tool: { grants: "Always allow in this project: touch" } }]);
  });

  test("cliai's own tool is allowed unasked for one call, and not for more", async () => {
    const { agent, asked } = await openAsking({ type: "forbid", reason: "not for ever" });
    using _ = agent;
    expect(await agent.ask(report, [always, once, no])).toEqual(selected("yes"));
    expect(asked()).toEqual([]);
    expect(await agent.ask(report, [always, no])).toEqual(selected("no"));
    expect(asked()).toMatchObject([{ tool: { isOwn: true, grants: always.name } }]);
  });

  test("a request that nobody can allow is refused, and nobody is asked", async () => {
    const { agent, asked } = await openAsking({ type: "permit" });
    using _ = agent;
    expect(await agent.ask(touch, [no])).toEqual(selected("no"));
    expect(asked()).toEqual([]);
    agent.endTurn();
    await agent.prompted(2);
    expect(agent.prompts()[1]).toContain("its request offers no answer that allows only this call");
  });

  test("a refusal refuses this call alone; its reason follows though the agent then says that its turn was cancelled", async () => {
    const { agent } = await openAsking({ type: "forbid", reason: "Ask me tomorrow." });
    using _ = agent;
    expect(await agent.ask(touch, [never, once])).toEqual(cancelled);
    agent.endTurn("cancelled");
    await agent.prompted(2);
    expect(agent.prompts()[1]).toContain("has not run: Ask me tomorrow.");
  });
});

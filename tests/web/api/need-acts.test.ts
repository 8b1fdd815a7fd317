// What the page's forms do about agents that need a person, on a real server over a real nats-server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { type AwayAgents, needActFromForm, resultsText } from "../../../src/web/api/need-acts.ts";
import { commandsOf, startTestApp, type TestApp } from "../test-app.ts";

const [ada, bob] = [parseAgentId("ada"), parseAgentId("bob")];

describe("needActFromForm()", () => {
  test("reads one agent or several, each once", () => {
    const form = { act: "resume", agents: ["ada", "bob", "ada"] };
    expect(needActFromForm(form)).toMatchObject({ act: "resume", agents: [ada, bob] });
    expect(needActFromForm({ act: "remove", agents: "ada" }).agents).toEqual([ada]);
  });

  test.each([
    [{ act: "stop", agents: "ada" }, "act must be"],
    [{ act: "resume" }, "agents names none"],
    [{ act: "resume", agents: "a b" }, ""],
    [{ act: "go_on", agents: "ada", key: "a/b" }, "key must be"],
  ])("refuses %p", (form, words) => {
    expect(() => needActFromForm(form)).toThrow(words);
  });
});

test("resultsText() has a sentence for each outcome, with the agents that have it", () => {
  const error = { code: "refused", message: "bob is online", hint: "stop it first" } as const;
  expect(
    resultsText([
      { agent_id: ada, said: "removed" },
      { agent_id: bob, error },
      { agent_id: parseAgentId("cleo"), said: "removed" },
    ]),
  ).toBe("ada, cleo: removed. bob: bob is online (stop it first).");
});

describe("POST /needs", () => {
  let web: TestApp;
  const did: string[] = [];
  const away: AwayAgents = {
    async startAgain(id, by) {
      if (id === bob) throw new CliaiError("refused", "bob ran on another machine");
      did.push(`start ${id} for ${by}`);
      return "started again, in its session";
    },
    async remove(id) {
      did.push(`remove ${id}`);
    },
  };
  beforeAll(async () => {
    web = await startTestApp({ away });
    for (const id of ["ada", "bob"]) await web.heartbeat(id, { status: "blocked" });
  });
  afterAll(() => web[Symbol.asyncDispose]());

  const post = (fields: readonly (readonly [string, string])[], accept = "application/json") =>
    web.app.request("/needs", {
      ...{ method: "POST", body: new URLSearchParams(fields.map((each) => [...each])) },
      headers: { accept, "content-type": "application/x-www-form-urlencoded" },
    });
  const both = [["agents", "ada"] as const, ["agents", "bob"] as const];

  test("tells all agents of one cause to go on, the same words once", async () => {
    const form = [
      ["act", "go_on"] as const,
      ["text", "Go on."] as const,
      ["key", "stuck1"] as const,
      ...both,
    ];
    const first = await (await post(form)).json();
    expect(first).toMatchObject({ said: "ada, bob: was told." });
    expect(await (await post(form)).json()).toMatchObject({ said: "ada, bob: had been told that already." });
    await web.viewOf("bob", ({ commands }) => commands.length > 0, "its task");
    expect(commandsOf(web.test, "bob")).toMatchObject([
      { type: "task", summary: "Go on.", from: "kim (page)" },
    ]);
  });

  test("starts agents again, and says of each what became of it", async () => {
    const { results } = (await (await post([["act", "resume"], ...both])).json()) as { results: unknown };
    expect(results).toEqual([
      { agent_id: "ada", said: "started again, in its session" },
      { agent_id: "bob", error: { code: "refused", message: "bob ran on another machine" } },
    ]);
    expect(did).toEqual(["start ada for kim (page)"]);
    const page = await (await post([["act", "resume"], ...both], "text/html")).text();
    expect(page).toContain("bob ran on another machine");
  });

  test("lets an agent go on that is at a usage limit, instead of starting it again", async () => {
    const run = { agent_id: "eve", instance_id: "run-eve", generation: 1 };
    await web.heartbeat("eve", { status: "working" });
    const { heartbeat } = await web.viewOf("eve", () => true, "eve");
    const events = [
      { kind: "session_start" },
      { kind: "prompt" },
      { kind: "turn_failed", error: "usage_limit" },
    ];
    for (const [index, event] of events.entries()) {
      const body = { ...run, ...event, instance_id: heartbeat?.instance_id, seq: index + 1 };
      web.bus.publish("agent.eve.event", body);
    }
    await web.viewOf("eve", ({ needs }) => needs[0]?.kind === "limit", "its need");
    const form = [["act", "resume"] as const, ["agents", "eve"] as const];
    expect(await (await post(form)).json()).toMatchObject({
      said: "eve: was at a usage limit, and is told to go on.",
    });
    await web.viewOf("eve", ({ commands }) => commands.length > 0, "its resume");
    expect(commandsOf(web.test, "eve")).toMatchObject([{ type: "resume", from: "kim (page)" }]);
    expect(did).not.toContain("start eve for kim (page)");
  });

  test("removes, and leads back to the inbox without scripts", async () => {
    const response = await post(
      [
        ["act", "remove"],
        ["back", "/agents/ada"],
        ["agents", "ada"],
      ],
      "text/html",
    );
    expect([response.status, response.headers.get("location")]).toEqual([303, "/inbox"]);
    expect(did.at(-1)).toBe("remove ada");
  });
});

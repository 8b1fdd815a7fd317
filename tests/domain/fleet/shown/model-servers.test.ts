import { describe, expect, test } from "bun:test";
import type { ModelRequestEvidence } from "../../../../src/domain/fleet/agent-record.ts";
import { atServerText, modelServersOf } from "../../../../src/domain/fleet/shown/model-servers.ts";
import { parseAgentId } from "../../../../src/domain/wire/agent-id.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
type Request = Partial<ModelRequestEvidence> & Pick<ModelRequestEvidence, "state">;

function agent(id: string, request: Request | undefined, link: "online" | "silent" = "online") {
  const model_request = request && { server: "gpu:8080", ...request };
  return {
    agent_id: parseAgentId(id),
    heartbeat: { at: at(0), interval_s: 15, ...(model_request && { model_request }) },
    axes: { link: { value: link, source: "heartbeat", reason: "x" } },
  } as const;
}

describe("modelServersOf()", () => {
  test("lists who is served, who waits in which order, and who asks for nothing", () => {
    const agents = [
      agent("ada", { state: "waiting", since: at(4), place: 2, waiting: 2, model: "tiny", slots: 2 }),
      agent("bob", { state: "working", since: at(2), prompt_read: 5, prompt_tokens: 9, model: "big" }),
      agent("cleo", { state: "waiting", since: at(5), place: 1, waiting: 2, slots: 3 }),
      agent("dora", { state: "idle", model: "tiny" }),
      agent("eve", { state: "unqueued", since: at(1) }),
    ];
    expect(modelServersOf(agents)).toEqual([
      {
        server: "gpu:8080",
        slots: 2,
        models: ["big", "tiny"],
        running: [
          { agent_id: "eve", state: "unqueued", since: at(1) },
          { agent_id: "bob", state: "working", since: at(2), prompt_read: 5, prompt_tokens: 9 },
        ],
        waiting: [
          { agent_id: "cleo", state: "waiting", since: at(5), place: 1 },
          { agent_id: "ada", state: "waiting", since: at(4), place: 2 },
        ],
        idle: ["dora"],
      },
    ] as never);
  });

  test("an agent with several requests is listed with how many it has", () => {
    const [server] = modelServersOf([
      agent("ada", { state: "working", since: at(1), running: 2, queued: 3 }),
      agent("bob", { state: "waiting", since: at(1), place: 4, running: 0, queued: 2 }),
      agent("cleo", { state: "working", since: at(2), running: 1, queued: 1 }),
    ]);
    expect(server?.running).toEqual([
      { agent_id: "ada", state: "working", since: at(1), requests: 2 },
      { agent_id: "cleo", state: "working", since: at(2) },
    ] as never);
    expect(server?.waiting).toEqual([
      { agent_id: "bob", state: "waiting", since: at(1), place: 4, requests: 2 },
      { agent_id: "ada", state: "waiting", requests: 3 },
      { agent_id: "cleo", state: "waiting" },
    ] as never);
  });

  test.each([
    [{ state: "working" }, "works on it"],
    [{ state: "working", prompt_read: 50, prompt_tokens: 200 }, "reads its prompt, 50 of 200 tokens (25 %)"],
    [{ state: "unqueued" }, "works on it, without the queue"],
    [{ state: "cancelled", requests: 2 }, "2 requests: still works on it, although it was cancelled"],
    [{ state: "waiting", place: 2 }, "place 2"],
    [{ state: "waiting", requests: 3 }, "3 requests: waits"],
  ] as const)("of %p says %p", (at, words) => {
    expect(atServerText({ agent_id: parseAgentId("ada"), ...at })).toBe(words);
  });

  test("servers are listed by name; agents that are not connected, or have no server, are not", () => {
    const listed = modelServersOf([
      agent("ada", { state: "idle", server: "z:1" }),
      agent("bob", { state: "idle", server: "a:1" }),
      agent("cleo", { state: "working", server: "gone:1" }, "silent"),
      agent("dora", undefined),
    ]);
    expect(listed.map(({ server }) => server)).toEqual(["a:1", "z:1"]);
    expect(listed[0]?.slots).toBeUndefined();
  });
});

import { expect, test } from "bun:test";
import { reduceAgent } from "../../../../src/domain/fleet/reduce-agent.ts";
import { isStoredRecord } from "../../../../src/domain/fleet/stored-record.ts";
import type { Heartbeat } from "../../../../src/domain/wire/messages.ts";
import { ada as id } from "../../../support/agents.ts";

const at = "2026-01-01T00:01:00.000Z";
const after = (message: Heartbeat) => reduceAgent(undefined, { type: "heartbeat", id, at, message });
const requestAfter = (message: Heartbeat) => after(message)?.heartbeat?.model_request;

test("a request to a model server is so since when the agent's clock says, told by the server's clock", () => {
  const model_request = {
    server: "gpu:1",
    state: "waiting",
    since: "2030-05-05T10:00:00Z",
    place: 2,
    waiting: 3,
  } as const;
  const record = after({ timestamp: "2030-05-05T10:00:12Z", model_request });
  expect(record?.heartbeat?.model_request).toEqual({ ...model_request, since: "2026-01-01T00:00:48.000Z" });
  expect(isStoredRecord(JSON.parse(JSON.stringify(record)), id)).toBe(true);
});

test("a request that is over has no time, and one whose time makes no sense is so from now on", () => {
  const idle = { server: "gpu:1", state: "idle", tokens_per_s: 36.5 } as const;
  expect(requestAfter({ timestamp: at, model_request: { ...idle, since: at } })).toEqual(idle);
  const working = { server: "gpu:1", state: "working" } as const;
  expect(requestAfter({ model_request: working })).toEqual({ ...working, since: at });
  const future = { ...working, since: "2030-01-01T00:00:00Z" };
  expect(requestAfter({ timestamp: at, model_request: future })).toEqual({ ...working, since: at });
});

test("a request cannot be so for longer than there are dates", () => {
  const model_request = { server: "gpu:1", state: "working", since: "-200000-01-01T00:00:00Z" } as const;
  const kept = requestAfter({ timestamp: "+200000-01-01T00:00:00Z", model_request });
  expect(kept).toEqual({ ...model_request, since: "1970-01-01T00:00:00.000Z" });
});

test("only the beginning of its words is kept, and nothing else that an agent sends", () => {
  const long = "x".repeat(1_000);
  const model_request = { server: long, state: "unqueued", why: long, more: long } as const;
  const kept = requestAfter({ timestamp: at, model_request });
  expect(kept).toEqual({ server: "x".repeat(200), state: "unqueued", why: "x".repeat(200), since: at });
});

test("a heartbeat without a request says that there is none", () => {
  const working = { server: "gpu:1", state: "working" } as const;
  const first = after({ model_request: working, seq: 1, instance_id: "run" });
  const next = reduceAgent(first, { type: "heartbeat", id, at, message: { seq: 2, instance_id: "run" } });
  expect(next?.heartbeat?.model_request).toBeUndefined();
});

test("a heartbeat names the branch of the agent's worktree; an empty one is none", () => {
  expect(after({ worktree_branch: "cliai/ada" })?.heartbeat?.worktree_branch).toBe("cliai/ada");
  expect(after({ worktree_branch: "" })?.heartbeat).not.toHaveProperty("worktree_branch");
});

// What people who cannot see the page are told of the fleet.
import { expect, test } from "bun:test";
import type { AgentView } from "../../../../src/domain/fleet/agent-view.ts";
import type { AgentId } from "../../../../src/domain/wire/agent-id.ts";
import type { FleetStep } from "../../../../src/web/api/fleet-cursor.ts";
import { createNews } from "../../../../src/web/pages/live/news.ts";

const viewOf = (agent_id: string, status: string, needs: readonly object[] = []) =>
  ({ agent_id, status, needs, axes: { activity: { reason: "exit code 1; more" } } }) as unknown as AgentView;
const changed = (...ids: string[]): FleetStep => ({ kind: "changed", ids: ids as AgentId[] });

test("tells what has become of agents, and not that they work or wait", () => {
  const news = createNews([viewOf("ada", "working"), viewOf("bob", "idle"), viewOf("cleo", "working")]);
  const next = [viewOf("ada", "idle"), viewOf("bob", "working"), viewOf("cleo", "crashed")];
  expect(news(changed("ada", "bob", "cleo"), next)).toEqual({
    ada: "is idle",
    cleo: "is crashed: exit code 1",
  });
  expect(news(changed("ada"), next)).toEqual({});
  expect(news(undefined, next)).toEqual({});
});

test("tells that an agent has come, and that it no longer needs the person; a new need is told elsewhere", () => {
  const asking = viewOf("ada", "working", [{}]);
  const news = createNews([viewOf("ada", "working")]);
  expect(news(changed("ada"), [asking])).toEqual({});
  expect(news(changed("ada", "bob"), [viewOf("ada", "working"), viewOf("bob", "connected")])).toEqual({
    ada: "no longer needs you",
    bob: "has come",
  });
});

test("after a break tells nothing of it, and goes on from there", () => {
  const news = createNews([viewOf("ada", "working")]);
  expect(news({ kind: "whole" }, [viewOf("ada", "idle"), viewOf("bob", "idle")])).toEqual({});
  expect(news(changed("ada"), [viewOf("ada", "stopped"), viewOf("bob", "idle")])).toEqual({
    ada: "is stopped",
  });
});

import { expect, test } from "bun:test";
import type { FleetState } from "../../../src/server/fleet/fleet-state.ts";
import { createRoleOf } from "../../../src/server/fleet/role-by-heartbeat.ts";

test.each([
  ["ada", "captain", "captain"],
  ["ada", "agent", "agent"],
  ["ada", undefined, "agent"],
  ["ada", "operator", "agent"],
  ["bob", "captain", "agent"],
])("createRoleOf() of %p, where ada's heartbeats say %p, is %s", (id, role, expected) => {
  const record = (asked: string) => (asked === "ada" ? { agent_id: asked, role } : undefined);
  expect(createRoleOf({ record } as unknown as FleetState)(id)).toBe(expected as "agent" | "captain");
});

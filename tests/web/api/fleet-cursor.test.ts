// What a viewer of the fleet is sent next: everything, or only what has changed since it last looked.
import { describe, expect, test } from "bun:test";
import type { Server } from "../../../src/server/server.ts";
import { createFleetCursor, eventId } from "../../../src/web/api/fleet-cursor.ts";
import { ada, bob } from "../../support/agents.ts";

function fleet() {
  const state = { revision: 5, changed: undefined as readonly string[] | undefined, gone: new Set<string>() };
  const server = {
    instance: "i-1",
    fleet: {
      revision: () => state.revision,
      changedSince: () => state.changed,
      get: (id: string) => (state.gone.has(id) ? undefined : {}),
    },
  } as unknown as Server;
  return { state, server, cursor: (last?: string) => createFleetCursor(server, last) };
}

describe("createFleetCursor()", () => {
  test("sends a new viewer everything, and then only what changes", () => {
    const { state, server, cursor } = fleet();
    const viewer = cursor();
    expect(viewer.id()).toBe("i-1-0");
    expect(viewer.advance()).toEqual({ kind: "whole" });
    expect([viewer.id(), eventId(server)]).toEqual(["i-1-5", "i-1-5"]);
    expect(viewer.advance()).toBeUndefined();
    Object.assign(state, { revision: 6, changed: [ada] });
    expect(viewer.advance()).toEqual({ kind: "changed", ids: [ada] });
    expect(viewer.id()).toBe("i-1-6");
    Object.assign(state, { revision: 7, changed: [] });
    expect(viewer.advance()).toBeUndefined();
  });

  test("goes on where a viewer was that comes back", () => {
    const { state, cursor } = fleet();
    expect(cursor("i-1-5").advance()).toBeUndefined();
    state.changed = [ada, bob];
    expect(cursor("i-1-4").advance()).toEqual({ kind: "changed", ids: [ada, bob] });
  });

  test.each(["i-2-5", "i-1-", "i-1-x", "5", "", "i-1-1234567890123456"])(
    "sends everything to one that comes with the id %p, and says that the server was restarted",
    (last) => {
      const viewer = fleet().cursor(last);
      expect(viewer.advance()).toEqual({ kind: "whole", reset: "the server was restarted" });
    },
  );

  test("sends everything, and says why, where too much has changed; once", () => {
    const { state, cursor } = fleet();
    const viewer = cursor("i-1-1");
    expect(viewer.advance()).toEqual({ kind: "whole", reset: "too much has changed" });
    Object.assign(state, { revision: 6, changed: [ada] });
    expect(viewer.advance()).toEqual({ kind: "changed", ids: [ada] });
  });

  test("sends everything once an agent was removed, because only that shows that it is missing", () => {
    const { state, cursor } = fleet();
    const viewer = cursor("i-1-5");
    state.gone.add(bob);
    Object.assign(state, { revision: 6, changed: [ada, bob] });
    expect(viewer.advance()).toEqual({ kind: "whole" });
  });
});

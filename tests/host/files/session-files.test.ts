import { describe, expect, test } from "bun:test";
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { ReservationMode } from "../../../src/domain/files/reservation.ts";
import type { Hook } from "../../../src/domain/hook.ts";
import { createSessionFiles } from "../../../src/host/files/session-files.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus, BusMessage } from "../../../src/nats/bus.ts";
import { ada } from "../../support/agents.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** The files of ada's session in a directory, what it hears, and its clock. */
function sessionIn(cwd: string, mode: ReservationMode) {
  const clock = { at: new Date("2026-05-04T14:00:00Z") };
  const heard: ((message: BusMessage) => void)[] = [];
  const bus = {
    subscribe: (_: string, onMessage: (message: BusMessage) => void) => heard.push(onMessage),
    closed: new Promise(() => undefined),
  } as unknown as Bus;
  const link = { bus: () => bus, onChange: () => () => undefined };
  const files = createSessionFiles({ id: ada, link, mode, cwd, now: () => clock.at, log: silentLogger });
  const reservation = {
    ...{ agent_id: "bob", machine: hostname(), paths: [join(cwd, "src")], why: "the parser" },
    ...{ since: "2026-05-04T14:00:00Z", until: "2026-05-04T14:30:00Z" },
  };
  return {
    ...{ clock, files },
    hear(more: object = {}) {
      const data = new TextEncoder().encode(JSON.stringify({ reservations: [{ ...reservation, ...more }] }));
      for (const take of heard) take({ subject: "fleet.reservations", data } as BusMessage);
    },
  };
}

const hookOf = (kind: "tool_start" | "tool_end", path: string): Hook => ({
  facts: { kind, tool: "Edit" },
  tool: { name: "Edit", input: {}, isOwn: false, files: [path] },
  isSubagent: false,
});

describe("createSessionFiles()", () => {
  test("that enforces lets a call run while it has heard nothing, and goes by the last that it has heard, up to the reservation's end", async () => {
    await using dir = await tempDir();
    const { clock, files, hear } = sessionIn(realpathSync(dir.path), "enforce");
    const denied = (path = "src/a.ts") => files.deny(hookOf("tool_start", path))?.type;
    expect(denied()).toBeUndefined();
    hear();
    expect(denied()).toBe("deny");
    expect(denied("other.ts")).toBeUndefined();
    clock.at = new Date("2026-05-04T14:30:01Z");
    expect(denied()).toBeUndefined();
  });

  test("goes neither by what its own agent has reserved, nor by what is reserved on another machine", async () => {
    await using dir = await tempDir();
    const { files, hear } = sessionIn(realpathSync(dir.path), "enforce");
    for (const more of [{ agent_id: "ada" }, { machine: "elsewhere" }]) {
      hear(more);
      expect(files.deny(hookOf("tool_start", "src/a.ts"))).toBeUndefined();
    }
  });

  test.each([
    ["warn", "bob"],
    ["off", undefined],
  ] as const)(
    "with %s denies nothing; the event of the change names the holder as %p",
    async (mode, holder) => {
      await using dir = await tempDir();
      const cwd = realpathSync(dir.path);
      const { files, hear } = sessionIn(cwd, mode);
      hear();
      expect(files.deny(hookOf("tool_start", "src/a.ts"))).toBeUndefined();
      const [touched] = files.touched(hookOf("tool_end", "src/a.ts")).files ?? [];
      expect(touched?.path).toBe(join(cwd, "src/a.ts"));
      expect(touched?.reserved_by).toBe(holder as string);
      expect(files.touched(hookOf("tool_start", "src/a.ts"))).toEqual({});
    },
  );
});

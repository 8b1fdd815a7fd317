// What the axis `link` says beside its value, and the edges between its values. tests/domain/fleet/status.test.ts has the values.
import { describe, expect, test } from "bun:test";
import { deriveLink, isAwayWord, isGone, silentAfterMs } from "../../../../src/domain/fleet/axis/link.ts";
import { ago, beatOf, now, recordOf, saidOf } from "../../../support/agent-records.ts";

const bye = (status: string, message?: string) =>
  recordOf({
    heartbeat: beatOf(5),
    said: saidOf(status, 4, message === undefined ? {} : { message }),
  });
const connection = { isUp: false, at: ago(4), client: "S 1", started_at: ago(300), instance_id: "r1" };

describe("deriveLink()", () => {
  test.each([
    ["disconnected", undefined, "said goodbye (disconnected)"],
    ["stopped", "me stopped it", "said goodbye (stopped)"],
    ["crashed", "SIGKILL", "its CLI crashed: SIGKILL"],
    ["ended", "exit code 0", "its CLI has ended: exit code 0"],
    ["ended", undefined, "its CLI has ended"],
  ])("tells apart a goodbye %p (%p) from an end of the CLI: %p", (status, message, reason) => {
    expect(deriveLink(bye(status, message), now)).toEqual({
      value: "offline",
      source: "status",
      at: ago(4),
      age_s: 4,
      reason,
    });
  });

  test("says of a host that was killed what its server has seen, and never that it said goodbye", () => {
    const killed = (message?: string) =>
      recordOf({
        said: saidOf("disconnected", 4, {
          ended_with: "host",
          ...(message === undefined ? {} : { message }),
        }),
      });
    expect(deriveLink(killed("SIGKILL"), now).reason).toBe("SIGKILL");
    expect(deriveLink(killed(), now).reason).toBe("its host has ended without a word");
  });

  test("names the reason for which nats-server closed the connection", () => {
    const gone = (fields: object) =>
      deriveLink(
        recordOf({
          heartbeat: beatOf(5, { instance_id: "r1" }),
          connection: { ...connection, ...fields },
        }),
        now,
      );
    expect(gone({ reason: "Slow Consumer" })).toMatchObject({
      value: "offline",
      source: "connection",
      age_s: 4,
      reason: "its connection is gone (Slow Consumer)",
    });
    expect(gone({}).reason).toBe("its connection is gone (no reason)");
  });

  test("says of silence since when it is: of a server that has listened all the time, and of one that has not", () => {
    const silent = recordOf({ heartbeat: beatOf(90) });
    expect(deriveLink(silent, now, ago(90)).reason).toBe("no heartbeat for 1 min");
    expect(deriveLink(silent, now).reason).toBe("no heartbeat for 1 min");
    expect(deriveLink(silent, now, ago(60)).reason).toBe(
      `the last known heartbeat is 1 min old, and none came since ${ago(60)}, when listening began`,
    );
    expect(deriveLink(silent, now)).toMatchObject({ value: "silent", source: "heartbeat", at: ago(90) });
  });

  test("counts an agent as silent once more than three of its intervals have passed", () => {
    expect(silentAfterMs({ interval_s: 15, at: "" })).toBe(45_000);
    expect(deriveLink(recordOf({ heartbeat: beatOf(45) }), now).value).toBe("online");
    expect(deriveLink(recordOf({ heartbeat: beatOf(45.001) }), now).value).toBe("silent");
  });

  test("tells apart who never connected from who reports without heartbeats", () => {
    expect(deriveLink(recordOf(), now)).toEqual({
      value: "never",
      source: "none",
      reason: "never connected",
    });
    expect(deriveLink(recordOf({ said: saidOf("working") }), now).reason).toBe(
      "reported a status, sends no heartbeat",
    );
  });
});

test("isGone() lets the last heartbeat of a connection come half a second after the news of its end, and no later", () => {
  const beat = (ms: number) => ({
    ...beatOf(0, { instance_id: "r1" }),
    at: new Date(Date.parse(connection.at) + ms).toISOString(),
  });
  expect(isGone(connection, beat(500))).toBe(true);
  expect(isGone(connection, beat(501))).toBe(false);
});

test("isAwayWord() holds for a goodbye and for silence, and for no agent that is heard", () => {
  const away = ["stopped", "disconnected", "failed_to_start", "crashed", "ended", "silent"];
  const heard = [
    "working",
    "idle",
    "waiting",
    "paused",
    "stopping",
    "stuck",
    "error",
    "connected",
    "unknown",
  ];
  expect(away.filter(isAwayWord)).toEqual(away);
  expect(heard.filter(isAwayWord)).toEqual([]);
});

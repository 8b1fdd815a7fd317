import { expect, test } from "bun:test";
import { createGuestPresence } from "../../../src/agent-protocol/guests/guest-presence.ts";
import { silentLogger } from "../../../src/log.ts";
import { ada } from "../../support/agents.ts";

test("tells a change of what the guest says once in 10 s at most, and its last word always", () => {
  let s = 0;
  const told: string[] = [];
  const presence = createGuestPresence({
    ...{ id: ada, instanceId: "i", by: "box (peer)", now: () => new Date(0), log: silentLogger },
    monotonicMs: () => s * 1_000,
    bus: {
      publish(subject, body) {
        if (subject.endsWith(".status")) told.push(`${s} s: ${(body as { status: string }).status}`);
      },
    },
  });
  for (; s < 25; s += 1) presence.alive(s % 2 === 0 ? "error" : "idle");
  expect(told).toEqual(["0 s: error", "11 s: idle", "22 s: error"]);
  presence.alive("idle");
  for (; s < 40; s += 5) presence.alive(undefined); // it lives on, and says no more
  expect(told.slice(3)).toEqual(["35 s: idle"]);
});

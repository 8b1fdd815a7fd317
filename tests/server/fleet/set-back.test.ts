// What the fleet shows where the clock was set back by an hour.
import { expect, test } from "bun:test";
import { reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { aheadMs, setBack } from "../../../src/domain/fleet/set-back.ts";
import { createFleetState } from "../../../src/server/fleet/fleet-state.ts";
import { ada } from "../../support/agents.ts";
import { waitFor } from "../../support/wait-for.ts";

const hourMs = 60 * 60 * 1_000;

function fleetOf() {
  let aheadOfAll = hourMs;
  const now = () => new Date(Date.now() + aheadOfAll);
  const fleet = createFleetState(now, () => new Date(0).toISOString());
  const connection = (isUp: boolean, at: Date, client: string) =>
    fleet.apply({
      type: "connection",
      id: ada,
      at: at.toISOString(),
      connection: {
        ...{ isUp, at: at.toISOString(), started_at: at.toISOString() },
        ...{ client, instance_id: "one", reason: "killed" },
      },
    });
  return {
    fleet,
    now,
    connection,
    beat: () =>
      fleet.apply({
        type: "heartbeat",
        id: ada,
        at: now().toISOString(),
        message: { instance_id: "one", seq: 1, interval_s: 0.3, status: "working" },
      }),
    setBack: () => {
      aheadOfAll = 0;
    },
    link: () => fleet.get(ada)?.axes.link.value,
    [Symbol.dispose]: fleet.stop,
  };
}

test("an agent that died as the clock was set back is silent soon, not after an hour", async () => {
  using run = fleetOf();
  run.beat();
  expect(run.link()).toBe("online");
  run.setBack();
  await waitFor(() => run.link() === "silent", { what: "it is silent", saw: run.link });
  expect(run.fleet.get(ada)?.axes.link.age_s).toBeLessThan(60);
});

test("the end of a connection counts, though the last heartbeat has a later time", async () => {
  using run = fleetOf();
  run.connection(true, run.now(), "7");
  run.beat();
  run.setBack();
  const killed = run.now();
  await waitFor(() => aheadMs(run.fleet.record(ada) ?? fail(), run.now()) === 0, {
    what: "the clock is seen",
  });
  run.connection(false, killed, "7");
  expect(run.link()).toBe("offline");
});

test("a fleet that is read from the store after the clock was set back has no sign of life in the future", () => {
  using run = fleetOf();
  run.beat();
  const stored = run.fleet.record(ada) ?? fail();
  using next = fleetOf();
  next.setBack();
  next.fleet.restore([stored]);
  expect(aheadMs(next.fleet.record(ada) ?? fail(), next.now())).toBe(0);
  expect(Date.parse(next.fleet.record(ada)?.last_seen ?? "")).toBeLessThanOrEqual(next.now().getTime());
});

test("what came first stays first, and words that are no times stay as they are", () => {
  const at = (s: number) => new Date(Date.parse("2026-01-01T12:00:00Z") + s * 1_000).toISOString();
  const beat = {
    type: "heartbeat",
    id: ada,
    at: at(3),
    message: { instance_id: "one", status: "idle" },
  } as const;
  const word = { status: "working", message: `until ${at(900)}` };
  const record = reduceAgent(reduceAgent(undefined, beat), {
    type: "status",
    id: ada,
    at: at(5),
    audit_seq: 1,
    message: word,
  });
  const words = { at: at(5), text: "Done." };
  const now = new Date(Date.parse(at(-3_595)));
  const spoken = setBack({ ...record, last_words: words, task_at: at(4) }, now, hourMs);
  expect([spoken.last_words?.at, spoken.task_at]).toEqual([at(5 - 3_600), at(4 - 3_600)]);
  const moved = setBack(record, now, hourMs);
  expect(moved.heartbeat?.at).toBe(at(3 - 3_600));
  expect(moved.said).toMatchObject({ at: at(5 - 3_600), message: `until ${at(900)}` });
  expect(moved.first_seen).toBe(record.first_seen);
  expect(setBack(moved, now, hourMs)).toBe(moved);
});

function fail(): never {
  throw new Error("ada is not known");
}

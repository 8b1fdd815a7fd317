import { describe, expect, test } from "bun:test";
import { createAlerts } from "../../../src/server/alerts/alerts.ts";
import { resolveQuietAlerts } from "../../../src/server/alerts/quiet-alerts.ts";
import { ada } from "../../support/agents.ts";
import { waitFor } from "../../support/wait-for.ts";

describe("resolveQuietAlerts()", () => {
  test("an alert of what passes is over when no other has come for the time, one of what lasts is not", async () => {
    let nowMs = 0;
    const told: string[] = [];
    const alerts = createAlerts({
      tell: ({ kind, resolved_at }) =>
        void told.push(`${kind} ${resolved_at === undefined ? "open" : "over"}`),
      drop: () => undefined,
      isLeader: () => true,
      // The wall clock is set back by a day in between: nothing hangs on it.
      now: () => new Date(nowMs > 0 ? "2026-01-01" : "2026-01-02"),
    });
    const raise = (kind: string, agentId = undefined as typeof ada | undefined) =>
      alerts.raise({ kind, severity: "warning", agentId, message: kind });
    const open = () => alerts.open().map(({ kind }) => kind);
    raise("refused", ada);
    raise("silent", ada);
    const end = resolveQuietAlerts(alerts, { quietMs: 1_000, lookEveryMs: 5, monotonicMs: () => nowMs });
    try {
      raise("malformed");
      raise("id_refused", ada);
      nowMs = 999;
      raise("refused", ada); // counted, and told within a second
      await waitFor(() => told.filter((each) => each === "refused open").length === 2, {
        what: "it is told again",
      });
      expect(open().sort()).toEqual(["id_refused", "malformed", "refused", "silent"]);
      nowMs = 1_001;
      await waitFor(() => open().length === 2, { what: "two are over", saw: open });
      expect(open().sort()).toEqual(["refused", "silent"]);
      nowMs = 2_000;
      await waitFor(() => open().length === 1, { what: "the third is over", saw: open });
      expect(open()).toEqual(["silent"]);
      raise("refused", ada);
      expect(alerts.open()[0]).toMatchObject({ kind: "refused", count: 1 });
    } finally {
      end();
      alerts.stop();
    }
  });
});

import { expect, test } from "bun:test";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { type Hold, holderName, holdOrderId } from "../../../../src/domain/holding/hold.ts";
import { leftOutBecause } from "../../../../src/web/pages/bulk-page.tsx";
import { AgentActions } from "../../../../src/web/pages/fleet/agent-actions.tsx";
import { ago, alive, now, orderOf, recordOf } from "../../../support/agent-records.ts";

test("an agent that is held can be resumed from its card and among several, and can be paused as well", () => {
  const pause = orderOf("pause", { state: "applied", at: ago(9) });
  const commands = [{ ...pause, command_id: holdOrderId("1"), from: holderName }];
  const hold: Hold = {
    ...{ reason: "budget", source: "day", words: "budget of $5 a day" },
    ...{ since: ago(9), after_seq: 0 },
  };
  const view = viewAgent(recordOf({ ...alive, commands, holds: [hold] }), now);
  expect(view.status).toBe("held");
  expect(AgentActions({ view })?.toString()).toContain('value="resume"');
  expect(leftOutBecause(view, "resume")).toBeUndefined();
  expect(leftOutBecause(view, "pause")).toBeUndefined();
  const free = viewAgent(recordOf(alive), now);
  expect(AgentActions({ view: free })?.toString()).toContain('value="pause"');
  expect(leftOutBecause(free, "resume")).toBe("is not paused");
});

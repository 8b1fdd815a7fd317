import { expect, test } from "bun:test";
import {
  createGuestAnswers,
  type GuestAnswersOptions,
} from "../../../src/agent-protocol/guests/guest-answers.ts";
import type { CommandRecord } from "../../../src/domain/receipts.ts";
import { ada } from "../../support/agents.ts";

const message = (command_id: string, states: readonly string[], type = "message") => ({
  ...{ command_id, type, stream_seq: 1, from: "kim", summary: "", issued_at: "" },
  receipts: states.map((state) => ({ state, at: "" })) as CommandRecord["receipts"],
});

test("ends the answers that nobody waits for any more, each once, and none that was told", async () => {
  const commands = [
    message("late", ["stored", "delivered"]),
    message("told", ["stored", "delivered"]),
    message("read", ["stored", "delivered", "injected"]),
    message("task", ["stored"], "task"),
  ];
  const server = { fleet: { get: () => ({ commands }) }, catchUp: async () => undefined };
  const written: unknown[] = [];
  const answers = createGuestAnswers({
    ...{ id: ada, route: "agent-protocol", write: (facts) => void written.push(facts) },
    server: server as unknown as GuestAnswersOptions["server"],
  });
  answers.told(["told"], true);
  await answers.endOthers();
  await answers.endOthers();
  const detail = "it does not wait for this answer any more";
  expect(written).toEqual([
    { command_id: "told", state: "injected", route: "agent-protocol" },
    { command_id: "late", state: "failed", route: "agent-protocol", detail },
  ]);
});

import { expect, test } from "bun:test";
import { startAgent } from "../../support/agent-fixture.ts";
import { startTestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

test("warnOfLostEntries() raises one alert for an agent, which counts its lost entries", async () => {
  await using run = await startTestServer();
  const ada = await startAgent(run, run.bus, "ada");
  const tell = (lost_entries: number) =>
    run.bus.publishStored(`agent.${ada.id}.event`, {
      kind: "transcript_lost",
      detail: `${lost_entries} could not be stored: no room`,
      lost_entries,
    });
  const alerts = () =>
    run.server.alerts
      .open()
      .map(({ kind, agent_id, count, message }) => ({ kind, agent_id, count, message }));
  await tell(1);
  await tell(41);
  await waitFor(() => alerts().some(({ count }) => count === 42), { what: "42 are counted", saw: alerts });
  expect(alerts()).toEqual([
    {
      ...{ kind: "transcript_lost", agent_id: "ada", count: 42 },
      message: "ada: entries of its transcript are lost: 41 could not be stored: no room",
    },
  ]);
});

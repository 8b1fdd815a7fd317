import { describe, expect, test } from "bun:test";
import { chooseRequest } from "../../../src/cli/fleet/choose-request.ts";
import { openRequests } from "../../../src/cli/fleet/request-reading.ts";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

const ofAda: AgentRequest = {
  ...{ request_id: "bob4f2a1", agent_id: ada, kind: "permission", question: "rm -r build?" },
  ...{ asked_at: "2026-01-01T00:00:00Z", on_expiry: "refuse", state: "asked" },
};

describe("chooseRequest()", () => {
  test("the id of an agent that asks nothing means no request of another agent whose id begins so", async () => {
    await using run = await startTestServer();
    const { bus } = run;
    const bucket = await openRequests(bus);
    await bucket.create(ofAda.request_id, ofAda);
    const choose = (text: string) => chooseRequest(text, { bus, bucket }, () => true, testContext());
    expect((await choose("bob4")).request_id).toBe("bob4f2a1");

    bus.publish("agent.bob4.heartbeat", { status: "idle" });
    await until("bob4 is known", () => run.server.fleet.get(parseAgentId("bob4")));
    await expect(choose("bob4")).rejects.toMatchObject({
      ...{ code: "request_unknown", message: "bob4 asks nothing now" },
    });
    expect((await choose("bob4f")).request_id).toBe("bob4f2a1");
    expect((await choose("ada")).request_id).toBe("bob4f2a1");
  });
});

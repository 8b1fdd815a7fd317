import { describe, expect, test } from "bun:test";
import { type LaunchThere, launchOnNode } from "../../../../src/cli/serve/launch/node-launch.ts";
import { CliaiError } from "../../../../src/domain/text/errors.ts";
import { ada } from "../../../support/agents.ts";
import { failureOf } from "../../../support/error-of.ts";

const now = new Date("2026-05-03T12:00:00.000Z");

/** Launches ada on a node that answers with this error. @param looks how often serve looks until ada is there */
function launch(answer: CliaiError, looks: number, more: Partial<LaunchThere> = {}) {
  let looked = 0;
  const asked: object[] = [];
  const nodes = {
    launchable: async () => [],
    require: async () => undefined,
    launch: async (_: string, order: object) => {
      asked.push(order);
      throw answer;
    },
  };
  const done = launchOnNode(nodes, "laptop", {
    ...{ id: ada, profile: "coder", project: undefined, flags: {}, view: () => undefined, now: () => now },
    ...{ isThere: () => ++looked > looks, signal: new AbortController().signal, ...more },
  });
  return { asked, done };
}

describe("launchOnNode()", () => {
  const silent = new CliaiError("no_answer", "no answer and no sign of life for 20 s");

  test("waits on for an agent whose node does not answer: it may launch it all the same", async () => {
    const { asked, done } = launch(silent, 3);
    await done;
    expect(asked).toEqual([
      { agent_id: ada, profile: "coder", flags: {}, expires_at: "2026-05-03T12:05:00.000Z" },
    ]);
  });

  test("says that the node has not answered if the agent is not there in time", async () => {
    const { asked, done } = launch(silent, Number.POSITIVE_INFINITY, { withinMs: 60 });
    expect(await failureOf(done)).toMatchObject({
      ...{ code: "failed", hint: "see when it was heard: cliai nodes" },
      message: "ada is not connected after 0.001 minutes, and the node laptop has not answered",
    });
    expect(asked).toMatchObject([{ expires_at: "2026-05-03T12:00:00.060Z" }]);
  });

  test("fails with what the node says", async () => {
    const refusal = new CliaiError("refused", "the node laptop is away");
    expect(await failureOf(launch(refusal, Number.POSITIVE_INFINITY).done)).toMatchObject({
      ...{ code: "refused", message: "the node laptop is away" },
    });
  });
});

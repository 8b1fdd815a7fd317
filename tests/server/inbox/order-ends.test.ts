// An order that two parts of serve end at the same moment: the stream gets one end.
import { describe, expect, test } from "bun:test";
import { streams } from "../../../src/domain/wire/subjects.ts";
import { readLastMessage, readStream } from "../../../src/nats/jetstream/read-stream.ts";
import { createOrderEnds, type EndReceipt } from "../../../src/server/inbox/order-ends.ts";
import { ada } from "../../support/agents.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

const subject = "agent.ada.receipt";
const failed: EndReceipt = { command_id: "c1", state: "failed", detail: "its run has ended" };
const applied = { agent_id: ada, command_id: "c1", state: "applied" };

const projector = ({ bus }: TestServer) => ({
  catchUp: async () => (await readLastMessage(bus, streams.audit, subject))?.seq ?? 0,
});

async function endsIn({ bus }: TestServer): Promise<string[]> {
  const states: string[] = [];
  for await (const { data } of readStream(bus, { stream: streams.audit, subjects: [subject] }))
    states.push(JSON.parse(new TextDecoder().decode(data)).state);
  return states;
}

/** A Bus before whose first `times` messages somebody else stores an end. */
function overtaken({ bus }: TestServer, times: number) {
  let count = 0;
  return {
    publishStored: async (...args: Parameters<typeof bus.publishStored>) => {
      count += 1;
      if (count <= times) await bus.publishStored(subject, applied);
      return await bus.publishStored(...args);
    },
  };
}

describe("createOrderEnds()", () => {
  test("an end that another one has overtaken is decided anew, and not stored", async () => {
    await using run = await startTestServer();
    const ends = createOrderEnds({ bus: overtaken(run, 1), projector: projector(run) });
    const decided: (EndReceipt | undefined)[] = [failed, undefined];
    expect(await ends.store(ada, () => decided.shift())).toBeUndefined();
    expect(decided).toEqual([]);
    expect(await endsIn(run)).toEqual(["applied"]);
  });

  test("an agent that gets receipts all the time gets its end all the same", async () => {
    await using run = await startTestServer();
    const ends = createOrderEnds({ bus: overtaken(run, 100), projector: projector(run) });
    expect(await ends.store(ada, () => failed)).toEqual(failed);
    expect((await endsIn(run)).at(-1)).toBe("failed");
  });

  test("an order is not ended on receipts that could not be read in time", async () => {
    await using run = await startTestServer();
    const ends = createOrderEnds({ bus: run.bus, projector: { catchUp: () => Promise.resolve(undefined) } });
    await expect(ends.store(ada, () => failed)).rejects.toMatchObject({ code: "no_answer" });
    expect(await endsIn(run)).toEqual([]);
  });

  test("receipts that are read late are waited for", async () => {
    await using run = await startTestServer();
    const { catchUp } = projector(run);
    let tries = 0;
    const lateCatchUp = async () => {
      tries += 1;
      return tries < 4 ? undefined : await catchUp();
    };
    const ends = createOrderEnds({ bus: run.bus, projector: { catchUp: lateCatchUp } });
    expect(await ends.store(ada, () => failed)).toEqual(failed);
    expect([tries, await endsIn(run)]).toEqual([4, ["failed"]]);
  });

  test("two ends at once: the second one sees the first", async () => {
    await using run = await startTestServer();
    const ends = createOrderEnds({ bus: run.bus, projector: projector(run) });
    let isOver = false;
    const endOnce = () => {
      if (isOver) return undefined;
      isOver = true;
      return failed;
    };
    const both = await Promise.all([ends.store(ada, endOnce), ends.store(ada, endOnce)]);
    expect(both).toEqual([failed, undefined]);
    expect(await endsIn(run)).toEqual(["failed"]);
  });

  test("one whose decision throws does not hold up the next", async () => {
    await using run = await startTestServer();
    const ends = createOrderEnds({ bus: run.bus, projector: projector(run) });
    const refused = ends.store(ada, () => {
      throw new Error("it is held");
    });
    const next = ends.store(ada, () => failed);
    await expect(refused).rejects.toThrow("it is held");
    expect(await next).toEqual(failed);
  });
});

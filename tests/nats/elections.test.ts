import { describe, expect, test } from "bun:test";
import { ErrorCode, NatsError, type ServerInfo } from "nats";
import { isClustered, overElections } from "../../src/nats/elections.ts";

const alone = { info: {} as ServerInfo };
const cluster = { info: { cluster: "c" } as ServerInfo };
const timeout = () => new NatsError(ErrorCode.Timeout, ErrorCode.Timeout);
const electing = () => {
  const error = new NatsError("503", "503");
  error.api_error = { code: 503, err_code: 10008, description: "JetStream system temporarily unavailable" };
  return error;
};

/** Fails with these errors, one after the other, and then succeeds. */
function failing(...errors: readonly Error[]) {
  const left = [...errors];
  let tries = 0;
  return {
    tries: () => tries,
    act: async () => {
      tries += 1;
      const error = left.shift();
      if (error !== undefined) throw error;
      return "done";
    },
  };
}

describe("overElections()", () => {
  test("tries again while the cluster elects a leader", async () => {
    const { act, tries } = failing(electing(), electing());
    expect(await overElections(cluster, act, { isRepeatable: false })).toBe("done");
    expect(tries()).toBe(3);
  });

  test("tries again after a time-out only what does no harm when it is done twice", async () => {
    const repeatable = failing(timeout());
    expect(await overElections(cluster, repeatable.act, { isRepeatable: true })).toBe("done");
    const other = failing(timeout());
    await expect(overElections(cluster, other.act, { isRepeatable: false })).rejects.toThrow(NatsError);
    expect(other.tries()).toBe(1);
  });

  test.each([
    ["a single server, which elects nobody", alone, electing()],
    ["an error of another kind", cluster, new Error("no such stream")],
  ])("tries once with %s", async (_what, connection, error) => {
    const { act, tries } = failing(error);
    await expect(overElections(connection, act, { isRepeatable: true })).rejects.toBe(error);
    expect(tries()).toBe(1);
  });
});

test("isClustered() is so of a server that names its cluster", () => {
  expect([isClustered(cluster), isClustered(alone), isClustered({} as typeof alone)]).toEqual([
    true,
    false,
    false,
  ]);
});

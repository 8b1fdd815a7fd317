import { describe, expect, test } from "bun:test";
import { startLink } from "../../src/agent-link/link.ts";
import { CliaiError, type ErrorCode } from "../../src/domain/text/errors.ts";
import { silentLogger } from "../../src/log.ts";
import { startTestNats } from "../support/nats.ts";
import { stays, waitFor } from "../support/wait-for.ts";

function startFailingLink(code: ErrorCode) {
  let attempts = 0;
  const warnings: string[] = [];
  const link = startLink(
    async () => {
      attempts += 1;
      throw new CliaiError(code, "no way in", { hint: "knock" });
    },
    { ...silentLogger, warn: (text) => void warnings.push(text) },
  );
  return { link, warnings, attempts: () => attempts };
}

describe("startLink()", () => {
  test("a server that is away is asked again soon and lamented once; one that refuses is left alone for longer", async () => {
    const away = startFailingLink("nats_unreachable");
    const refused = startFailingLink("refused");
    await waitFor(() => away.attempts() === 3, { what: "the third attempt" });
    expect(away.warnings).toEqual(["no way in; knock"]);
    expect(refused.attempts()).toBe(1);
    expect(refused.link.trouble()).toBe("no way in; knock");
    await Promise.all([away.link.close(0), refused.link.close(0)]);
  });

  test("a listener that throws does not keep the others from the connection, and makes no second one", async () => {
    await using nats = await startTestNats();
    let connections = 0;
    const errors: string[] = [];
    const link = startLink(
      () => {
        connections += 1;
        return nats.bus();
      },
      { ...silentLogger, error: (text) => void errors.push(text) },
    );
    link.onChange(() => {
      throw new Error("a bug");
    });
    const { promise: told, resolve } = Promise.withResolvers<void>();
    link.onChange((bus) => bus && resolve());
    await told;
    expect(errors).toEqual(["that NATS is there is not handled: a bug"]);
    await stays(() => connections === 1, {
      ...{ what: "one connection", because: "the next try would come after a second", forMs: 1_500 },
    });
    await link.close(0);
  });

  test("waiting for the connection ends with the signal, and says what the trouble is", async () => {
    const { link } = startFailingLink("nats_unreachable");
    const stop = new AbortController();
    const waiting = link.connected(stop.signal);
    await waitFor(() => link.trouble(), { what: "the first attempt to fail" });
    stop.abort();
    await expect(waiting).rejects.toThrow("no way in; knock");
    await link.close(0);
  });
});

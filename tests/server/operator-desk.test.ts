import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { CliaiError } from "../../src/domain/text/errors.ts";
import { silentLogger } from "../../src/log.ts";
import { askOperatorDesk, openOperatorDesk } from "../../src/server/operator-desk.ts";
import { startTestNats } from "../support/nats.ts";
import { staysPending } from "../support/wait-for.ts";

const desk = {
  subject: "serve.test",
  request: v.object({ number: v.number() }),
  result: v.object({ half: v.number() }),
  answerWithinMs: 2_000,
};

test("a desk answers with the result, or with the error as it was thrown; without one nobody is reached", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  const ask = (number: unknown) => askOperatorDesk(bus, desk, { number } as { number: number });
  await expect(ask(4)).rejects.toMatchObject({ code: "server_unreachable" });
  const close = openOperatorDesk(
    bus,
    desk,
    async ({ number }) => {
      if (number === 0) throw new CliaiError("refused", "0 has no half", { hint: "ask for another" });
      if (number < 0) throw new Error("below 0");
      return { half: number / 2 };
    },
    silentLogger,
  );
  expect(await ask(4)).toEqual({ half: 2 });
  await expect(ask(0)).rejects.toMatchObject({
    ...{ code: "refused", message: "0 has no half", hint: "ask for another" },
  });
  await expect(ask(-1)).rejects.toMatchObject({ code: "failed", message: "below 0" });
  await expect(ask("four")).rejects.toMatchObject({ code: "message_invalid" });
  close();
  await bus.flush();
  await expect(ask(4)).rejects.toMatchObject({ code: "server_unreachable" });
});

test("a desk with a limit refuses at once whoever comes while so many wait, and takes requests again later", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  const work = Promise.withResolvers<{ half: number }>();
  let taken = 0;
  const take = () => {
    taken += 1;
    return work.promise;
  };
  openOperatorDesk(bus, desk, take, silentLogger, { mostAtOnce: 2 });
  const ask = () => askOperatorDesk(bus, desk, { number: 4 });
  const asked = [ask(), ask()];
  await expect(ask()).rejects.toMatchObject({
    ...{ code: "refused", message: "too many ask at the same time", hint: "try it again in a moment" },
  });
  expect(taken).toBe(2);
  work.resolve({ half: 2 });
  expect(await Promise.all(asked)).toEqual([{ half: 2 }, { half: 2 }]);
  expect(await ask()).toEqual({ half: 2 });
});

describe("a desk whose work takes long", () => {
  const slow = { ...desk, answerWithinMs: 6_000, workWithinMs: 60_000 };

  test("gives signs of life, so that its asker waits on; it is told once that this takes long", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const work = Promise.withResolvers<{ half: number }>();
    const close = openOperatorDesk(bus, slow, () => work.promise, silentLogger);
    let slowCalls = 0;
    const asked = askOperatorDesk(bus, slow, { number: 4 }, () => {
      slowCalls += 1;
    });
    await staysPending(asked, {
      what: "the asker waits",
      because: "without signs of life it gives up after 6 s",
      forMs: 11_000,
    });
    work.resolve({ half: 2 });
    expect(await asked).toEqual({ half: 2 });
    expect(slowCalls).toBe(1);
    close();
  });

  test("is given up without a sign of life, as of a serve that stands still", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const end = bus.subscribe(slow.subject, () => undefined);
    await expect(askOperatorDesk(bus, slow, { number: 4 })).rejects.toMatchObject({
      code: "no_answer",
      message: "no answer and no sign of life for 6 s: serve.test",
    });
    end();
  });

  test("publishes on no subject but an inbox", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const close = openOperatorDesk(bus, slow, async () => ({ half: 2 }), silentLogger);
    for (const signs_to of ["agent.ada.command", "_INBOX.>", "_INBOX.ada.x", 4]) {
      const data = await bus.request(slow.subject, { number: 4, signs_to }, { timeoutMs: 60_000 });
      expect(new TextDecoder().decode(data)).toContain("message_invalid");
    }
    close();
  });

  test("gives no sign of life any more over a connection that was closed meanwhile", async () => {
    await using nats = await startTestNats();
    const [bus, serves] = [await nats.bus(), await nats.bus()];
    const begun = Promise.withResolvers<void>();
    const work = Promise.withResolvers<{ half: number }>();
    const begin = () => {
      begun.resolve();
      return work.promise;
    };
    openOperatorDesk(serves, slow, begin, silentLogger);
    await serves.flush();
    bus.publish(slow.subject, { number: 4, signs_to: "_INBOX.ada" });
    await begun.promise;
    await serves.close();
    const because = "a sign is due every 5 s, and an error then would end the process";
    await staysPending(work.promise, { what: "the work goes on", because, forMs: 5_500 });
    work.resolve({ half: 2 });
  });
});

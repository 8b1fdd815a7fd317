import { expect, test } from "bun:test";
import * as v from "valibot";
import { CliaiError } from "../../src/domain/text/errors.ts";
import { silentLogger } from "../../src/log.ts";
import { askOperatorDesk, openOperatorDesk } from "../../src/server/operator-desk.ts";
import { startTestNats } from "../support/nats.ts";

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

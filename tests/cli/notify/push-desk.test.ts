import { expect, test } from "bun:test";
import * as v from "valibot";
import { preparePush } from "../../../src/cli/notify/push-desk.ts";
import { addNamedToken, revokeNamedToken } from "../../../src/credentials/named-tokens.ts";
import { serveNotifySubject } from "../../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../../src/log.ts";
import { openOperatorDesk } from "../../../src/server/operator-desk.ts";
import { startTestNats } from "../../support/nats.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("preparePush() knows a browser by whose it is: by the operator's token, and by a named token as long as it counts", async () => {
  await using dir = await tempDir();
  await using nats = await startTestNats();
  const bus = await nats.bus("serve");
  const asked: { device: { name: string; owner: string } }[] = [];
  const close = openOperatorDesk(
    bus,
    { subject: serveNotifySubject, request: v.any(), result: v.any(), answerWithinMs: 1_000 },
    async (request) => {
      asked.push(request);
    },
    silentLogger,
  );
  let token = "first";
  let nowMs = Date.now();
  const options = { dataDir: dir.path, now: () => new Date(nowMs), log: silentLogger };
  const push = await preparePush({ ...options, token: () => token });
  const desk = push?.deskOn(bus);
  const subscription = { endpoint: "https://x", p256dh: "", auth: "", server_key: desk?.publicKey ?? "" };
  const order = { name: "phone", scopes: ["read"] as const, browser: true, now: options.now() };
  const named = await addNamedToken(dir.path, { ...order, expiresAt: new Date(nowMs + 60_000) });
  await desk?.add(subscription, undefined);
  await desk?.add(subscription, named);
  close();
  const [own, phone] = asked.map(({ device }) => device);
  expect([own?.name, phone?.name]).toEqual([expect.stringMatching(/^browser-[0-9a-f]{8}$/), "phone"]);
  expect(JSON.stringify(asked)).not.toContain("first");
  const isGood = (owner: string | undefined) => push?.plan.isOwnerGood(owner ?? "");
  expect([own, phone].map((each) => isGood(each?.owner))).toEqual([true, true]);
  token = "second";
  expect([own, phone].map((each) => isGood(each?.owner))).toEqual([false, true]);
  nowMs += 120_000;
  expect(isGood(phone?.owner)).toBe(false);
  nowMs -= 120_000;
  await revokeNamedToken(dir.path, "phone");
  nowMs += 10;
  await addNamedToken(dir.path, { ...order, now: options.now() });
  expect(isGood(phone?.owner)).toBe(false);
  expect(isGood("anybody")).toBe(false);
  expect((await preparePush({ ...options, token: undefined }))?.plan.isOwnerGood("anybody")).toBe(true);
});

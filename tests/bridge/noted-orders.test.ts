// Which orders a tool call has noted: an order that check_inbox handed over in time is never reported as expired.
import { expect, test } from "bun:test";
import { createNotedOrders } from "../../src/bridge/noted-orders.ts";

test("an order of a call that has just answered counts as handed over, though it is noted only after the answer is sent", async () => {
  const handedOver = createNotedOrders();
  const call = Promise.withResolvers<void>();
  handedOver.watch(call.promise);
  // As the tool caller does it: the client gets the answer first.
  setTimeout(() => handedOver.note(["c1"]), 0);
  call.resolve();
  await call.promise;
  await Promise.resolve(); // whoever waited for the call goes on
  expect(await handedOver.has("c1")).toBe(true);
});

test("it waits for the calls that run, also for one that fails, and tells what they did not hand over", async () => {
  const handedOver = createNotedOrders();
  const [good, bad] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  handedOver.watch(good.promise);
  handedOver.watch(bad.promise);
  const answers = Promise.all([handedOver.has("c1"), handedOver.has("c2")]);
  bad.reject(new Error("the connection is lost"));
  setTimeout(() => handedOver.note(["c1"]), 0);
  good.resolve();
  expect(await answers).toEqual([true, false]);
});

import { expect, test } from "bun:test";
import { webhookHeaders } from "../../../src/notify/targets/sign-webhook.ts";

test("webhookHeaders() signs as the sample of Standard Webhooks does", () => {
  // The sample of the specification, also in its libraries' tests.
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const now = new Date(1_614_265_330_000);
  const body = '{"test": 2432232314}';
  expect(webhookHeaders("msg_p5jXN8AQM9LWM0D4loKWxJek", now, body, secret)).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("webhookHeaders() takes another text as the key itself, and signs nothing without one", () => {
  const [now, body] = [new Date(0), "{}"];
  expect(webhookHeaders("a", now, body, undefined)).toEqual({ "webhook-id": "a", "webhook-timestamp": "0" });
  const one = webhookHeaders("a", now, body, "secret")["webhook-signature"];
  expect(one).toBe(webhookHeaders("a", now, body, "whsec_c2VjcmV0")["webhook-signature"] as string);
  expect(one).not.toBe(webhookHeaders("b", now, body, "secret")["webhook-signature"] as string);
});

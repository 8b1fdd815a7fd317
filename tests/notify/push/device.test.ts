import { describe, expect, test } from "bun:test";
import { requireService } from "../../../src/notify/push/device.ts";

const refusal = (endpoint: string, services: readonly string[] = []) => {
  try {
    requireService(endpoint, services);
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

describe("requireService()", () => {
  test.each([
    "https://fcm.googleapis.com/fcm/send/abc",
    "https://updates.push.services.mozilla.com/wpush/v2/abc",
    "https://wns2-par02p.notify.windows.com/w/?token=abc",
    "https://web.push.apple.com/abc",
  ])("takes %s", (endpoint) => {
    expect(refusal(endpoint)).toBeUndefined();
  });

  test.each([
    "http://fcm.googleapis.com/fcm/send/abc",
    "https://fcm.googleapis.com:8443/fcm/send/abc",
    "https://fcm.googleapis.com.example.org/abc",
    "https://evilpush.apple.com.example.org/abc",
    "https://notpush-apple.com/abc",
    "https://127.0.0.1/abc",
    "https://169.254.169.254/latest",
    "https://[::1]/abc",
    "https://user@fcm.googleapis.com/abc",
  ])("refuses %s", (endpoint) => {
    expect(refusal(endpoint)).toContain("is not a push service that this server sends to");
  });

  test("takes one of the settings by its whole origin, and only over https", () => {
    const services = ["https://push.example.org:8443"];
    expect(refusal("https://push.example.org:8443/abc", services)).toBeUndefined();
    expect(refusal("https://push.example.org/abc", services)).toBeDefined();
    expect(refusal("http://push.example.org/abc", ["http://push.example.org"])).toBeDefined();
  });
});

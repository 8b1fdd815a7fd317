// What the page's script makes of a subscription that the browser has already, with a page, a browser and a server that the test plays.
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";

const ownKey = new Uint8Array([4, 1, 2, 3]);
const states = ["off", "on"].map((state) => ({
  isHidden: true,
  getAttribute: () => state,
  toggleAttribute(_: string, isHidden: boolean) {
    this.isHidden = isHidden;
  },
}));
const line = { textContent: "" };
const part = {
  dataset: { pushKey: ownKey.toBase64({ alphabet: "base64url", omitPadding: true }) },
  addEventListener() {},
  querySelectorAll: () => states,
  querySelector: () => line,
};
/** What the browser and the server did, in their order. */
let done: string[];
let answer: () => Response;
let present: { readonly applicationServerKey: ArrayBuffer };

const subscription = {
  endpoint: "https://push.test/a",
  get options() {
    return present;
  },
  toJSON: () => ({ endpoint: "https://push.test/a", keys: { p256dh: "p", auth: "a" } }),
  unsubscribe: async () => void done.push("unsubscribed"),
};
const globals = ["document", "navigator", "fetch", "PushManager", "Notification"];
const before = new Map(globals.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
const play = (name: string, value: unknown) =>
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
play("document", { querySelector: () => part });
const pushManager = { getSubscription: async () => subscription };
play("navigator", { serviceWorker: { ready: Promise.resolve({ pushManager }) } });
play("PushManager", class {});
play("Notification", { permission: "granted" });
play("fetch", async (path: string, { body }: { body: URLSearchParams }) => {
  done.push(`${path} ${body.get("endpoint")}`);
  return answer();
});
afterAll(() => {
  for (const [name, descriptor] of before)
    if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
    else Object.defineProperty(globalThis, name, descriptor);
});

const script = join(import.meta.dirname, "../../../../src/web/browser/install/push.js");
const { offerPush } = (await import(script)) as { readonly offerPush: () => Promise<void> };

const shown = () => states.filter(({ isHidden }) => !isHidden).map((each) => each.getAttribute());
const refusal = () => Response.json({ error: { message: "it is full", hint: "make room" } }, { status: 403 });

describe("offerPush()", () => {
  beforeEach(() => {
    done = [];
    answer = () => Response.json({});
    present = { applicationServerKey: ownKey.buffer };
  });

  test("the server is told of the subscription; if it does not take it, the page says why", async () => {
    await offerPush();
    expect([done, shown(), line.textContent]).toEqual([["/phone/push https://push.test/a"], ["on"], ""]);
    answer = refusal;
    await offerPush();
    expect([shown(), line.textContent]).toEqual([["off"], "Not turned on: it is full (make room)"]);
  });

  test("a subscription for other keys is ended at the server first, and kept if the server cannot be told", async () => {
    present = { applicationServerKey: new ArrayBuffer(4) };
    answer = refusal;
    await offerPush();
    expect([done.splice(0), shown()]).toEqual([["/phone/push/off https://push.test/a"], ["off"]]);
    expect(line.textContent).toContain("it is full");
    answer = () => Response.json({});
    await offerPush();
    expect(done).toEqual(["/phone/push/off https://push.test/a", "unsubscribed"]);
    expect([shown(), line.textContent]).toEqual([["off"], ""]);
  });
});

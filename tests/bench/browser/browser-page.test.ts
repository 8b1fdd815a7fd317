import { expect, test } from "bun:test";
import { openBrowserPage } from "../../../src/bench/browser/browser-page.ts";
import type { DevTools } from "../../../src/bench/browser/chromium.ts";

test("bytes() counts what came to this page, and not to another one", async () => {
  const listeners: ((params: never, session: string | undefined) => void)[] = [];
  const tools: DevTools = {
    send: async <T>() => ({ targetId: "target", sessionId: "own" }) as T,
    on(_, listener) {
      listeners.push(listener);
      return () => undefined;
    },
  };
  const page = await openBrowserPage(tools, {});
  const receive = (dataLength: number, session: string) => {
    for (const listener of listeners) listener({ dataLength } as never, session);
  };
  receive(7, "own");
  receive(100, "another");
  expect(page.bytes()).toBe(7);
});

// A page in the bench's Chromium: opens an address, waits for texts, scrolls, and records what its renderer does.
import type { DevTools } from "./chromium.ts";
import { pageMark, patchMark, type TraceEvent } from "./trace.ts";

export interface BrowserPage {
  /** Opens the address. Resolves when the expression is true in the page. */
  open(url: string, isReady: string): Promise<void>;
  /** The value of an expression in the page; of a promise, what it resolves to. */
  evaluate<T>(expression: string): Promise<T>;
  /** Resolves to the time at which the element contains all of the texts, by Date.now(). Rejects after `withinMs`. */
  awaitTexts(selector: string, texts: readonly string[], withinMs: number): Promise<number>;
  /** Scrolls by so many pixels, down if above 0, as a finger or a wheel does. Resolves at the end of the movement. */
  scroll(byPx: number): Promise<void>;
  /** The bytes that have come to the page so far, event streams included. */
  bytes(): number;
}

/** Only what `readTrace` reads; everything else would make the page slower. */
const traceCategories = ["devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing"];
const scrollPxPerS = 4_000;
const readyEveryMs = 20;
const readyWithinMs = 120_000;

/** @param headers sent with each request of the page */
export async function openBrowserPage(
  tools: DevTools,
  headers: Readonly<Record<string, string>>,
): Promise<BrowserPage> {
  const { targetId } = await tools.send<{ targetId: string }>("Target.createTarget", {
    // In a window of its own, so that no page is in the background.
    ...{ url: "about:blank", newWindow: true },
  });
  const { sessionId } = await tools.send<{ sessionId: string }>("Target.attachToTarget", {
    ...{ targetId, flatten: true },
  });
  const send = <T>(method: string, params?: object) => tools.send<T>(method, params, sessionId);
  await send("Network.enable");
  await send("Network.setExtraHTTPHeaders", { headers });
  await send("Page.enable");
  await send("Page.addScriptToEvaluateOnNewDocument", { source: markPatches });
  let bytes = 0;
  tools.on<{ dataLength: number }>("Network.dataReceived", ({ dataLength }, session) => {
    if (session === sessionId) bytes += dataLength;
  });
  const evaluate = async <T>(expression: string) => {
    const { result, exceptionDetails } = await send<{
      readonly result: { readonly value?: T };
      readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
    }>("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails !== undefined)
      throw new Error(`in the page: ${exceptionDetails.exception?.description ?? "an error"}`);
    return result.value as T;
  };
  return {
    evaluate,
    async open(url, isReady) {
      await send("Page.navigate", { url });
      await evaluate(untilInPage(`location.href === ${JSON.stringify(url)} && (${isReady})`));
    },
    awaitTexts: (selector, texts, withinMs) => evaluate(textsInPage(selector, texts, withinMs)),
    scroll: async (byPx) => {
      const gesture = { x: 640, y: 400, yDistance: -byPx, speed: scrollPxPerS };
      await send("Input.synthesizeScrollGesture", gesture);
    },
    bytes: () => bytes,
  };
}

/** Records what all of Chromium does while `act` runs, for the reading of what this page does. */
export async function recordTrace(
  tools: DevTools,
  page: Pick<BrowserPage, "evaluate">,
  act: () => Promise<void>,
): Promise<readonly TraceEvent[]> {
  const events: TraceEvent[] = [];
  const complete = Promise.withResolvers<void>();
  const stops = [
    tools.on<{ value: readonly TraceEvent[] }>("Tracing.dataCollected", ({ value }) => {
      for (const event of value) events.push(event);
    }),
    tools.on("Tracing.tracingComplete", () => complete.resolve()),
  ];
  const traceConfig = { includedCategories: traceCategories, excludedCategories: ["*"] };
  await tools.send("Tracing.start", { transferMode: "ReportEvents", traceConfig });
  try {
    await page.evaluate(`performance.mark("${pageMark}") && undefined`);
    await act();
  } finally {
    await tools.send("Tracing.end");
  }
  await complete.promise;
  for (const stop of stops) stop();
  return events;
}

const markPatches = `
  const add = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (name, listener, ...rest) {
    const marking = (event) => {
      performance.mark("${patchMark}");
      listener(event);
    };
    add.call(this, name, name === "patch" ? marking : listener, ...rest);
  };
`;

/** Looks again and again, because not every condition comes with an event. */
function untilInPage(condition: string): string {
  return `new Promise((resolve, reject) => {
    const begunMs = performance.now();
    const look = () => {
      if (${condition}) resolve(true);
      else if (performance.now() - begunMs > ${readyWithinMs}) reject(new Error("the page is not ready"));
      else setTimeout(look, ${readyEveryMs});
    };
    look();
  })`;
}

function textsInPage(selector: string, texts: readonly string[], withinMs: number): string {
  const [element, wanted] = [JSON.stringify(selector), JSON.stringify(texts)];
  return `new Promise((resolve, reject) => {
    const isThere = () => {
      const text = document.querySelector(${element})?.textContent;
      return text !== undefined && ${wanted}.every((each) => text.includes(each));
    };
    const end = (settle, value) => {
      observer.disconnect();
      clearTimeout(timer);
      settle(value);
    };
    const observer = new MutationObserver(() => isThere() && end(resolve, Date.now()));
    const timer = setTimeout(() => end(reject, new Error("not shown in " + ${element} + ": " + ${wanted}.join(", "))), ${withinMs});
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    if (isThere()) end(resolve, Date.now());
  })`;
}

// What the page's script makes of a stream that falls silent, with an event stream that the test speaks through.
import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { join } from "node:path";

const script = join(import.meta.dirname, "../../../src/web/browser/stream.js");
const { openStream } = (await import(script)) as {
  readonly openStream: (address: string, listener: object) => (address?: string) => void;
};

let opened: Map<string, (event: object) => void>[];
let addresses: string[];

beforeEach(() => {
  jest.useFakeTimers();
  opened = [];
  addresses = [];
  class EventSource {
    constructor(url: URL) {
      addresses.push(`${url.pathname}${url.search}`);
      opened.push(new Map());
    }
    addEventListener(kind: string, listener: (event: object) => void) {
      opened.at(-1)?.set(kind, listener);
    }
    close() {}
  }
  Object.assign(globalThis, { EventSource, location: { href: "http://localhost/" }, addEventListener() {} });
});
afterEach(() => {
  jest.useRealTimers();
  for (const name of ["EventSource", "location", "addEventListener"])
    Reflect.deleteProperty(globalThis, name);
});

test("openStream() tells each second from 12 s on how long the server is silent, that it is heard again, and after 25 s that it is lost", () => {
  const said: string[] = [];
  openStream("/events", {
    onHello: () => said.push("hello"),
    onPatch: () => said.push("patch"),
    onLost: () => said.push("lost"),
    onQuiet: (seconds: number) => said.push(`quiet ${seconds}`),
  });
  const speak = (kind: string) => opened.at(-1)?.get(kind)?.({ data: "{}", lastEventId: "1" });
  speak("hello");
  jest.advanceTimersByTime(11_000);
  expect(said).toEqual(["hello"]);
  jest.advanceTimersByTime(2_000);
  expect(said).toEqual(["hello", "quiet 12", "quiet 13"]);
  speak("ping");
  expect(said.splice(0)).toEqual(["hello", "quiet 12", "quiet 13", "quiet 0"]);
  jest.advanceTimersByTime(10_000);
  speak("patch");
  expect(said.splice(0)).toEqual(["patch"]);
  jest.advanceTimersByTime(25_000);
  expect(said).toContain("lost");
  expect(said.indexOf("lost")).toBeGreaterThan(said.indexOf("quiet 24"));
  // It is opened again, and the silence counts on until a word comes.
  expect(opened).toHaveLength(2);
});

test("openStream() goes on after the last patch that was applied, and not after those that only waited", () => {
  let isApplied = true;
  const openAgain = openStream("/events?page=fleet&since=i-1", {
    onHello: () => {},
    onPatch: () => isApplied,
    onLost: () => {},
    onQuiet: () => {},
  });
  const patch = (lastEventId: string) => opened.at(-1)?.get("patch")?.({ data: "{}", lastEventId });
  patch("i-2");
  // A patch of a report has no position of its own.
  patch("");
  isApplied = false;
  patch("i-3");
  openAgain();
  openAgain("/events?page=timeline&since=i-9");
  expect(addresses).toEqual([
    "/events?page=fleet&since=i-1",
    "/events?page=fleet&since=i-2",
    "/events?page=timeline&since=i-9",
  ]);
});

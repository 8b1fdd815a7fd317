import { expect, test } from "bun:test";
import { createViewers } from "../../../src/host/screen/viewers.ts";

test("createViewers() > a request to watch lasts as long as it says, is renewed, and is ended by the viewer", () => {
  let nowMs = 0;
  const viewers = createViewers(() => nowMs);
  expect(viewers.isAny()).toBe(false);
  expect(viewers.take({ viewer: "v1", for_s: 10 })).toBe(true);
  nowMs = 9_000;
  expect(viewers.isWatching("v1")).toBe(true);
  viewers.take({ viewer: "v1", for_s: 10 });
  nowMs = 18_000;
  expect(viewers.isAny()).toBe(true);
  nowMs = 19_000;
  expect([viewers.isWatching("v1"), viewers.isAny()]).toEqual([false, false]);
  viewers.take({ viewer: "v2", for_s: 10 });
  viewers.take({ viewer: "v2", for_s: 0 });
  expect(viewers.isAny()).toBe(false);
});

test("createViewers() > serves 32 viewers, and a further one when one of them has gone", () => {
  const viewers = createViewers(() => 0);
  for (let each = 0; each < 32; each += 1) expect(viewers.take({ viewer: `v${each}`, for_s: 10 })).toBe(true);
  expect(viewers.take({ viewer: "more", for_s: 10 })).toBe(false);
  expect(viewers.take({ viewer: "v1", for_s: 10 })).toBe(true);
  viewers.take({ viewer: "v1", for_s: 0 });
  expect(viewers.take({ viewer: "more", for_s: 10 })).toBe(true);
});

// What the page's script keeps of the browser's time zone, with a document that has only cookies.
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";

const script = join(import.meta.dirname, "../../../../src/web/browser/reports/local-zone.js");
const { keepZone } = (await import(script)) as { readonly keepZone: () => void };
const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const wanted = `cliai-zone=${encodeURIComponent(zone)}`;

/** A browser with one cookie. Returns what was written. */
function browserWith(cookie: string, isKeeping = true) {
  const written: string[] = [];
  const document = {
    querySelector: () => null,
    get cookie() {
      return cookie;
    },
    set cookie(text: string) {
      written.push(text);
      if (isKeeping) cookie = text.split(";")[0] ?? "";
    },
  };
  Object.assign(globalThis, { document });
  return written;
}

afterEach(() => {
  Reflect.deleteProperty(globalThis, "document");
});

test.each(["", "cliai-zone=Mars%2FOlympus", "cliai-zone=%", "cliai-zone=%E0%A4%A"])(
  "keepZone() replaces the cookie %p, also one that cannot be decoded, which any server on this host can set",
  (cookie) => {
    const written = browserWith(cookie);
    keepZone();
    expect(written).toEqual([`${wanted}; path=/; max-age=31536000; samesite=strict`]);
  },
);

test("keepZone() leaves its own cookie as it is, and a browser without cookies alone", () => {
  const written = browserWith(wanted);
  keepZone();
  expect(written).toEqual([]);
  browserWith("", false);
  keepZone();
});

// What the script of the typing page makes of a pasted text.
import { expect, test } from "bun:test";
import { join } from "node:path";

const script = join(import.meta.dirname, "../../../../src/web/browser/terminal/paste.js");
const { pastedText, takePastes } = (await import(script)) as {
  readonly pastedText: (text: string) => string;
  readonly takePastes: (place: EventTarget, onText: (text: string) => void) => void;
};

test.each([
  ["a text of several lines and a tab", "a\tb\nc\r\nd\re é 日本 👍🏽", "a\tb\nc\nd\ne é 日本 👍🏽"],
  ["the marks around a paste", "\u001b[200~one\u001b[201~two", "[200~one[201~two"],
  ["such a mark that begins with one character", "one\u009b201~two", "one201~two"],
  ["any other control character", "a\u0000b\u0003c\u0007d\u0008e\u001bf\u007fg\u0085h", "abcdefgh"],
])("pastedText() of %s", (_, text, expected) => {
  expect(pastedText(text)).toBe(expected);
});

test("takePastes() takes the event from every later listener, and tells a text only if there is one", () => {
  const place = new EventTarget();
  const texts: string[] = [];
  const seen: Event[] = [];
  takePastes(place, (text) => texts.push(text));
  place.addEventListener("paste", (event) => seen.push(event));
  for (const text of ["one\u001b[201~", "\u001b", undefined]) {
    const event = new Event("paste", { cancelable: true });
    const clipboardData = text === undefined ? null : { getData: () => text };
    place.dispatchEvent(Object.assign(event, { clipboardData }));
    expect(event.defaultPrevented).toBe(true);
  }
  expect([texts, seen]).toEqual([["one[201~"], []]);
});

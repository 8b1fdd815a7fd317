import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type EntryPlace, nameOf, placeOf, savingOrder } from "../../src/backup/backup-format.ts";

const windows = { isWindows: true };

describe("placeOf()", () => {
  test("reads what nameOf() writes", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/).filter((text) => !/^\.+$/.test(text));
    const stream = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
    const place = fc.oneof<fc.Arbitrary<EntryPlace>[]>(
      fc.constant({ of: "manifest" }),
      fc.constant({ of: "checksums" }),
      fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => ({ of: "file", path: parts.join("/") })),
      stream.map((each) => ({ of: "head", stream: each })),
      fc.record({
        of: fc.constant("piece" as const),
        stream,
        number: fc.integer({ min: 1, max: 99_999_999 }),
      }),
    );
    fc.assert(fc.property(place, (each) => expect(placeOf(nameOf(each), windows)).toEqual(each)));
  });

  test.each(["files/agents/ada/at 12:30.png", "files/a\\b"])("knows %p, but not on Windows", (name) => {
    expect(placeOf(name, { isWindows: false })).toEqual({ of: "file", path: name.slice("files/".length) });
    expect(placeOf(name, windows)).toBeUndefined();
  });

  test.each([
    ...["", "files", "files/", "files//a", "files/../keys", "files/a/../../b", "files/./a", "files/a\\..\\b"],
    ...["files/C:/a", "/files/a", "/etc/passwd", "../backup.json", "streams/A/", "streams/A/b/000001"],
    ...["streams/A.B/stream.json", "streams/../stream.json", "streams/A/1", "other.txt", "files/a\0b"],
  ])("knows no place for %p", (name) => {
    expect(placeOf(name, windows)).toBeUndefined();
  });
});

test("savingOrder() puts the first ones first, the last ones last, and sorts the others", () => {
  const names = ["COMMANDS", "KV_b", "NOTICES", "AUDIT", "KV_serve", "KV_a", "MORE"];
  const order = { first: ["KV_serve", "KV_a", "KV_b", "KV_none"], last: ["AUDIT", "COMMANDS", "NONE"] };
  expect(savingOrder(names, order)).toEqual([
    "KV_serve",
    "KV_a",
    "KV_b",
    "MORE",
    "NOTICES",
    "AUDIT",
    "COMMANDS",
  ]);
});

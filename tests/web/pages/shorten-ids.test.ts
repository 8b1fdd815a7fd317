import { expect, test } from "bun:test";
import { shortenIds } from "../../../src/web/pages/shorten-ids.ts";

const id = "0123abcd-0000-4000-8000-0123456789ab";

test("shortenIds() shortens each id, and nothing that only looks like the part of one", () => {
  expect(shortenIds(`${id}, (${id})`)).toBe("0123abcd, (0123abcd)");
  for (const text of [`x${id}`, `${id}0`, id.slice(1), "2026-01-01", "0123abcd"])
    expect(shortenIds(text)).toBe(text);
});

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { adviceOn } from "../../../src/domain/system/alert-advice.ts";

const alert = (kind: string) => ({
  ...{ alert_id: "1", kind, severity: "warning" as const, message: "what happened" },
  ...{ first_seen: "2026-11-29T10:00:00Z", last_seen: "2026-11-29T10:00:00Z", count: 1 },
});

/** Every kind of alert that a file of the server raises. */
function raisedKinds(): string[] {
  const rooms = ["server", "notify"].map((room) => join(import.meta.dirname, "../../../src", room));
  const files = rooms
    .flatMap((room) => readdirSync(room, { recursive: true, withFileTypes: true }))
    .filter((each) => each.isFile());
  const text = files.map((file) => readFileSync(join(file.parentPath, file.name), "utf8")).join("\n");
  const raised = [...text.matchAll(/raise(?:Own)?\(\{\s*kind: "(\w+)"/g)].map(([, kind = ""]) => kind);
  const named = [...text.matchAll(/^(?:export )?const (?:\w+Alert|storeDamaged) = "(\w+)"/gm)].map(
    ([, kind = ""]) => kind,
  );
  return [...new Set([...raised, ...named])];
}

test("adviceOn() has a row for each kind of alert that the server raises", () => {
  const kinds = raisedKinds();
  expect(kinds.length).toBeGreaterThan(5);
  expect(kinds.filter((kind) => adviceOn(alert(kind)).cause === "what happened")).toEqual([]);
});

test("adviceOn() says of an unknown kind what its own message says", () => {
  expect(adviceOn(alert("new_kind"))).toMatchObject({ title: "new kind", cause: "what happened" });
});

import { expect, test } from "bun:test";
import { realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { createRealPaths } from "../../../src/host/files/real-paths.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

test("createRealPaths() finds real paths later, also of what is not there yet, and forgets those that are no longer asked for", async () => {
  await using dir = await tempDir();
  const home = realpathSync(dir.path);
  symlinkSync(home, join(home, "link"));
  const [known, missing] = [join(home, "link"), join(home, "link/new/a.ts")];
  const paths = createRealPaths();
  paths.find([known, missing]);
  expect(paths.of(missing)).toBe(missing);
  await waitFor(() => paths.of(missing) === join(home, "new/a.ts"), { what: "it is found" });
  expect(paths.of(known)).toBe(home);
  paths.find([missing]);
  expect(paths.of(known)).toBe(known);
  expect(paths.of(missing)).toBe(join(home, "new/a.ts"));
});

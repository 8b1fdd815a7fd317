// .ci/build/progress.ts: what a person sees of a step that takes long.
import { expect, test } from "bun:test";
import { createProgress } from "../../.ci/build/progress.ts";
import { waitFor } from "../support/wait-for.ts";

test("createProgress() > in a log it is one line, before the step begins", async () => {
  const said: string[] = [];
  const progress = createProgress({ write: (text) => said.push(text) });
  const result = await progress.step("compiling X", "once, about 2 minutes", async () => [...said]);
  expect(result).toEqual(["build: compiling X (once, about 2 minutes)\n"]);
  expect(said).toEqual(result);
});

test("createProgress() > on a terminal the seconds go on, and the line ends with how it went", async () => {
  const said: string[] = [];
  const progress = createProgress({ isTTY: true, write: (text) => said.push(text) });
  await progress.step("compiling X", "once, about 2 minutes", () =>
    waitFor(() => said.some((text) => text.endsWith(" 1 s")), { what: "a second is shown" }),
  );
  expect(said[0]).toBe("build: compiling X (once, about 2 minutes)");
  expect(said.at(-1)).toMatch(/^\rbuild: compiling X \(once, about 2 minutes\) done in \d s\n$/);
  const failing = progress.step("compiling X", "once, about 2 minutes", () =>
    Promise.reject(new Error("no")),
  );
  await expect(failing).rejects.toThrow("no");
  expect(said.at(-1)).toContain("failed after 0 s\n");
});

// What `cliai diff` prints, of a real repository. The agent is the last known one, so that no server is needed.
import { describe, expect, test } from "bun:test";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { diffCommand } from "../../../src/cli/diff/diff.ts";
import { alive, now, recordOf } from "../../support/agent-records.ts";
import { testContext } from "../../support/cli-context.ts";
import { createRepository } from "../../support/repository.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

async function diffIn(dir: TempDir, ...flags: string[]) {
  const repository = createRepository(dir.path);
  repository.write("a.txt", "one\ntwo\n");
  repository.commit("first");
  repository.write("a.txt", "one\n\tTWO \u001b[2J");
  repository.write("new.txt", "new\n");
  await mkdir(dir.join("data"));
  const agent = recordOf({ ...alive, project_path: repository.dir, host: hostname() });
  await writeFile(dir.join("data", "fleet.json"), JSON.stringify({ agents: [agent] }));
  await utimes(dir.join("data", "fleet.json"), now, now);
  const context = testContext({ now: () => now, env: repository.env, json: flags.includes("--json") });
  const shown = diffCommand.run(["ada", "--data-dir", dir.join("data"), ...flags], context);
  await expect(shown).rejects.toMatchObject({ code: "server_unreachable" });
  return { ...context, repository };
}

describe("cliai diff", () => {
  test("prints a patch, of which a terminal obeys nothing, and says since when", async () => {
    await using dir = await tempDir();
    const { printed, noted, repository } = await diffIn(dir);
    expect(printed).toEqual([
      ...["diff --git a/a.txt b/a.txt", "--- a/a.txt", "+++ b/a.txt", "@@ -1,2 +1,2 @@"],
      ...[" one", "-two", "+\tTWO \ufffd[2J", "\\ No newline at end of file"],
      ...["diff --git a/new.txt b/new.txt (new, not added yet)", "--- /dev/null", "+++ b/new.txt"],
      ...["@@ -0,0 +1,1 @@", "+new"],
    ]);
    const head = repository.git(["rev-parse", "HEAD"]).slice(0, 10);
    expect(noted).toEqual([`2 files, +2 −1 in ${repository.dir}, on main, since the last commit, ${head}`]);
  });

  test("--stat lists the files with their counts", async () => {
    await using dir = await tempDir();
    const { printed } = await diffIn(dir, "--stat");
    expect(printed).toEqual(["  a.txt    +1 −1", "  new.txt  +1 −0  new, not added yet"]);
  });

  test("--json prints what GET /api/agents/ID/diff answers; --file has only one file", async () => {
    await using dir = await tempDir();
    const { printed } = await diffIn(dir, "--json", "--file", "new.txt");
    expect(JSON.parse(printed[0] ?? "")).toMatchObject({
      agent_id: "ada",
      files: [
        { path: "new.txt", state: "added", hunks: [{ lines: [{ kind: "added", new: 1, text: "new" }] }] },
      ],
    });
  });
});

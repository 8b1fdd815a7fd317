import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createProfileSet } from "../../src/profiles/profile-set.ts";
import { parseProfilesFile } from "../../src/profiles/profiles-file.ts";
import { trustProject } from "../../src/profiles/project-trust.ts";
import { projectProfiles, readProfiles, readProjectFiles } from "../../src/profiles/read-profiles.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const base = parseProfilesFile('{"coder":{"model":"m1"}}', "/base");

async function places() {
  const dir = await tempDir();
  const [dataDir, project] = [dir.join("data"), dir.join("work")];
  await mkdir(dataDir);
  await mkdir(dirname(projectProfiles(project)), { recursive: true });
  const read = () => readProfiles({ base, dataDir, project });
  const put = (value: unknown) => writeFile(projectProfiles(project), JSON.stringify(value));
  const trust = async () => {
    const files = await readProjectFiles(projectProfiles(project));
    if (files === undefined) throw new Error("there is none");
    await trustProject(dataDir, files.path, files.contents);
  };
  return { dir, dataDir, project, read, put, trust, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}
const own = (dir: TempDir, value: unknown) =>
  writeFile(dir.join("data", "profiles.json"), JSON.stringify(value));
const statesOf = ({ files }: Awaited<ReturnType<typeof readProfiles>>) => files.map(({ state }) => state);

describe("readProfiles()", () => {
  test("takes the data directory's profiles as they are now", async () => {
    await using at = await places();
    expect(statesOf(await at.read())).toEqual(["used", "missing", "missing"]);
    await own(at.dir, { coder: { model: "m2" } });
    expect((await at.read()).find("coder").profile.model).toBe("m2");
    await own(at.dir, { coder: { model: "m3" } });
    expect((await at.read()).find("coder").profile.model).toBe("m3");
  });

  test("takes a project's file once it is trusted, and as it was then", async () => {
    await using at = await places();
    await at.put({ coder: { model: "p1" }, mine: {} });
    const before = await at.read();
    expect(before.find("coder").profile.model).toBe("m1");
    expect(before.unused[0]).toMatchObject({
      message: `${projectProfiles(at.project)} is not used: nobody has trusted it`,
      hint: `read it, then: cliai profiles trust ${at.project}`,
    });
    expect(() => before.find("mine")).toThrow('no profile "mine"');

    await at.trust();
    const trusted = await at.read();
    expect([trusted.find("coder").profile.model, trusted.unused.length]).toEqual(["p1", 0]);
    expect(statesOf(trusted)).toEqual(["used", "missing", "used"]);

    await at.put({ coder: { model: "p1", args: ["--dangerously-skip-permissions"] }, mine: {} });
    const changed = await at.read();
    expect(changed.find("coder").profile.args).toBeUndefined();
    expect(changed.unused[0]?.message).toContain("is not used: it was changed since it was trusted");
    await at.trust();
    expect((await at.read()).find("coder").profile.args).toHaveLength(1);
  });

  test("what is trusted holds for the instructions that the file names as well, read once", async () => {
    await using at = await places();
    const prompt = at.dir.join("work", ".cliai", "fix.md");
    await writeFile(prompt, "Fix it.");
    await at.put({ mine: { prompt_file: "fix.md" } });
    await at.trust();
    expect(new TextDecoder().decode((await at.read()).prompts.get(prompt))).toBe("Fix it.");
    await writeFile(prompt, "Break it.");
    expect(statesOf(await at.read()).at(-1)).toBe("changed since it was trusted");
  });

  test("a trust is of one file: the same words in another project count for nothing", async () => {
    await using at = await places();
    await at.put({ mine: {} });
    await at.trust();
    const other = at.dir.join("other");
    await mkdir(dirname(projectProfiles(other)), { recursive: true });
    await writeFile(projectProfiles(other), JSON.stringify({ mine: {} }));
    const read = await readProfiles({ base, dataDir: at.dataDir, project: other });
    expect(statesOf(read).at(-1)).toBe("not trusted");
    // The same file by another way is the same file.
    await symlink(at.project, at.dir.join("link"));
    const linked = await readProfiles({ base, dataDir: at.dataDir, project: at.dir.join("link") });
    expect(statesOf(linked).at(-1)).toBe("used");
  });

  test.skipIf(process.platform === "win32")("what is kept of it is for this user alone", async () => {
    await using at = await places();
    await at.put({ mine: {} });
    await at.trust();
    expect((await stat(at.dir.join("data", "trust"))).mode & 0o777).toBe(0o700);
    expect((await stat(at.dir.join("data", "trust", "profiles.json"))).mode & 0o777).toBe(0o600);
  });

  test.skipIf(process.platform === "win32")("waits for no pipe in the place of a file", async () => {
    await using at = await places();
    execFileSync("mkfifo", [projectProfiles(at.project)]);
    const read = await at.read();
    expect(read.unused[0]?.message).toBe(`cannot read ${projectProfiles(at.project)}: it is not a file`);
    await rm(projectProfiles(at.project));
    await mkdir(projectProfiles(at.project));
    expect((await at.read()).unused).toHaveLength(1);
  });

  test("a damaged list of what is trusted trusts nothing, and says so", async () => {
    await using at = await places();
    await at.put({ mine: {} });
    await at.trust();
    await writeFile(at.dir.join("data", "trust", "profiles.json"), "{");
    const read = await at.read();
    expect(() => read.find("mine")).toThrow();
    expect(read.unused[0]).toMatchObject({ hint: expect.stringContaining("cliai profiles trust DIR") });
  });

  test("a data directory's file that is no JSON stops every profile, and says where", async () => {
    await using at = await places();
    await writeFile(at.dir.join("data", "profiles.json"), "{");
    const read = await at.read();
    expect(() => read.find("coder")).toThrow("profiles.json:1:2 is not JSON");
    expect(statesOf(read)).toEqual(["used", "wrong", "missing"]);
    expect(createProfileSet([base]).find("coder").name).toBe("coder");
  });
});

// What one spawn is to do, without a server: as `--dry-run` plans it. With servers and CLIs: tests/e2e/spawn*.test.ts.
import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { planSpawn, type SpawnPlan } from "../../../src/cli/spawn/spawn-plan.ts";
import { testContext } from "../../support/cli-context.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

type SpawnArgs = Parameters<typeof planSpawn>[0];

const profiles = {
  agents: {
    coder: { model: "m1", prompt: "  You write code.\n" },
    lead: { role: "captain", permissions: "inbox", prompt_file: "lead.md" },
  },
};

async function planIn(dir: TempDir, args: Partial<SpawnArgs>, rest: readonly string[] = []) {
  await writeFile(dir.join("profiles.json"), JSON.stringify(profiles));
  await writeFile(dir.join("lead.md"), "You lead.\n");
  const context = testContext({ cwd: dir.path });
  const given = { "data-dir": "data", config: "profiles.json", "dry-run": true, ...args } as SpawnArgs;
  const plan = planSpawn(given, context, rest);
  return { plan, context };
}

/** A plan holds its agent's lock until it is let go. */
async function withPlan(
  args: Partial<SpawnArgs>,
  check: (plan: SpawnPlan, dir: TempDir, noted: readonly string[]) => void | Promise<void>,
  rest: readonly string[] = [],
): Promise<void> {
  await using dir = await tempDir();
  const { plan, context } = await planIn(dir, args, rest);
  const planned = await plan;
  try {
    await check(planned, dir, context.noted);
  } finally {
    planned.lock.release();
  }
}

describe("planSpawn()", () => {
  test("with nothing but a profile: an id of its name, its model, this directory, a new session", () =>
    withPlan({ profile: "coder" }, (plan, dir, noted) => {
      expect(String(plan.id)).toMatch(/^Coder-\d{4}$/);
      expect(plan).toMatchObject({ name: "coder", role: "agent", cwd: dir.path, dataDir: dir.join("data") });
      expect(plan.natsUrl).toBe("nats://127.0.0.1:4222");
      expect(noted).toEqual(["no server runs; the files name the default address nats://127.0.0.1:4222"]);
      expect(plan.launch).toMatchObject({
        agentId: plan.id,
        isResumed: false,
        isHeadless: false,
        asksPermissions: false,
        strictMcp: false,
        model: "m1",
        mcpConfigPath: dir.join("data", "agents", plan.id, "mcp.json"),
        passedOn: [],
      });
      expect(plan.launch.sessionId).toMatch(/^[0-9a-f-]{36}$/);
      expect(plan.launch.instructions).toEndWith("\n\nYou write code.");
    }));

  test("a flag counts before the profile: id, role, model, project, session", async () => {
    const flags = { id: "ada", role: "captain", model: "m2", project: "work", resume: "s-1" } as const;
    await using dir = await tempDir();
    await mkdir(dir.join("work"));
    const { plan } = await planIn(dir, { ...flags, profile: "coder", "strict-mcp": true }, ["--verbose"]);
    const { lock, ...planned } = await plan;
    lock.release();
    expect(planned).toMatchObject({ id: "ada", role: "captain", cwd: dir.join("work") });
    expect(planned.launch).toMatchObject({
      ...{ model: "m2", sessionId: "s-1", isResumed: true, strictMcp: true, passedOn: ["--verbose"] },
    });
  });

  test("a captain is told a captain's part, and then its profile's, from the file beside the settings", async () => {
    let plain = "";
    await withPlan({}, ({ launch }) => {
      plain = launch.instructions;
    });
    await withPlan({ profile: "lead" }, ({ launch, role }) => {
      expect(role).toBe("captain");
      expect(launch.asksPermissions).toBe(true);
      expect(launch.instructions).toEndWith("\n\nYou lead.");
      expect(launch.instructions.length).toBeGreaterThan(plain.length);
    });
  });

  test.each<[string, Partial<SpawnArgs>, string, string]>([
    ["an unknown profile", { profile: "codr" }, "config_invalid", 'no profile "codr"'],
    ["a CLI that there is not", { cli: "clawd" }, "config_invalid", '"clawd"'],
    ["a project that is not there", { project: "gone" }, "usage", 'gone" is not a directory'],
    ["a project that is a file", { project: "lead.md" }, "usage", 'lead.md" is not a directory'],
    ["an id that is none", { id: "a b" }, "agent_id_invalid", '"a b" is not an agent id'],
    ["settings that are not there", { config: "gone.json" }, "config_invalid", "gone.json"],
    [
      "no server, and no dry run",
      { "dry-run": false, task: "t" },
      "server_unreachable",
      "no server runs on ",
    ],
  ])("refuses %s", async (_, args, code, message) => {
    await using dir = await tempDir();
    const { plan } = await planIn(dir, args);
    await expect(plan).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test("a CLI that has no terminal of its own runs without one, also if nobody says so", () =>
    withPlan({ profile: "coder", cli: "gemini", task: "tidy" }, ({ launch }) => {
      expect(launch).toMatchObject({ isHeadless: true, asksPermissions: true });
    }));

  test("holds the agent's lock: a second plan of the id is refused until the first lets go", async () => {
    await using dir = await tempDir();
    const first = await (await planIn(dir, { id: "ada" })).plan;
    await expect((await planIn(dir, { id: "ada" })).plan).rejects.toMatchObject({ code: "already_running" });
    first.lock.release();
    const again = await (await planIn(dir, { id: "ada" })).plan;
    again.lock.release();
  });
});

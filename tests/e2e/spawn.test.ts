// cliai spawn: the files and the command of a dry run, and launching: a program that shows what it was given, and the real
// Claude Code, which reads our command line its own way.
import { describe, expect, test } from "bun:test";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { claudeEnvironment } from "../support/claude-code.ts";
import { cliaiCommand, runCliai, startServe } from "../support/cliai.ts";
import { modeOf } from "../support/files.ts";
import { startModelServer } from "../support/model-server.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

interface DryRun {
  readonly agent_id: string;
  readonly command: string;
  readonly args: string[];
  readonly cwd: string;
  readonly files: string[];
}

async function dryRun(dir: TempDir, ...args: string[]): Promise<DryRun> {
  const run = await runCliai(["spawn", "--dry-run", "--json", "--data-dir", dir.path, ...args]);
  expect(run).toMatchObject({ code: 0 });
  return JSON.parse(run.stdout);
}

describe("cliai spawn --dry-run", () => {
  test("writes the agent's files for this user alone, and prints what it would launch", async () => {
    await using dir = await tempDir();
    const plan = await dryRun(dir, "demo", "--task", "--look around");
    expect(plan.agent_id).toMatch(/^Demo-\d{4}$/);
    expect(plan.command).toBe("claude");
    expect(plan.args.slice(-2)).toEqual(["--", "--look around"]);
    const path = dir.join("agents", plan.agent_id, "mcp.json");
    expect(plan.files).toEqual([path]);
    expect(await modeOf(path)).toBe("600");
    expect(await modeOf(dir.join("agents", plan.agent_id))).toBe("700");
    const { cliai } = JSON.parse(await readFile(path, "utf8")).mcpServers;
    const [command, ...args] = cliaiCommand();
    if (process.env.CLIAI_E2E_RUNTIME === undefined)
      expect([cliai.command, ...cliai.args]).toEqual([command, "bridge"]);
    else expect(cliai.args).toEqual([...args, "bridge"]);
    expect(cliai.env).toMatchObject({ AGENT_ID: plan.agent_id, CLIAI_CONFIG_NAME: "demo" });
  });

  test("the command it names for the bridge starts this very program", async () => {
    await using dir = await tempDir();
    for (const from of [undefined, "bun"] as const) {
      const args = ["spawn", "--dry-run", "--json", "--data-dir", dir.path];
      const { files } = JSON.parse(
        (await runCliai(args, from === undefined ? {} : { from })).stdout,
      ) as DryRun;
      const { cliai } = JSON.parse(await readFile(files[0] ?? "", "utf8")).mcpServers;
      const started = Bun.spawnSync([cliai.command, ...cliai.args.slice(0, -1), "--version"], { cwd: "/" });
      expect(started.stdout.toString()).toMatch(/^cliai \d/);
    }
  });

  test("takes role, model and instructions of a profile, and flags before them", async () => {
    await using dir = await tempDir();
    const agents = { ada: { model: "opus", role: "captain", prompt_file: "p.txt", prompt: "And be kind." } };
    await writeFile(dir.join("c.json"), JSON.stringify({ agents }));
    await writeFile(dir.join("p.txt"), "Be brief.\n");
    const plan = await dryRun(dir, "ada", "--config", dir.join("c.json"), "--project", dir.path);
    const instructions = plan.args[plan.args.indexOf("--append-system-prompt") + 1] ?? "";
    expect(instructions).toContain("You are the captain");
    expect(instructions).toEndWith("Be brief.\n\nAnd be kind.");
    expect(plan.args[plan.args.indexOf("--model") + 1]).toBe("opus");
    expect(plan.cwd).toBe(dir.path);
    const other = await dryRun(
      dir,
      "ada",
      "--config",
      dir.join("c.json"),
      "--model",
      "haiku",
      "--role",
      "agent",
    );
    expect(other.args[other.args.indexOf("--model") + 1]).toBe("haiku");
    expect(other.args.join(" ")).not.toContain("You are the captain");
  });

  test("refuses an id that differs from a known one in case only, and one that is none", async () => {
    await using dir = await tempDir();
    await dryRun(dir, "--id", "ada");
    const spawn = (id: string) => runCliai(["spawn", "--dry-run", "--data-dir", dir.path, "--id", id]);
    expect(await spawn("ADA")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"ADA" differs from the agent "ada" in case only'),
    });
    expect(await spawn("../ada")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"../ada" is not an agent id'),
    });
  });

  test("does not write through a symbolic link in the agent's place", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("elsewhere"));
    await mkdir(dir.join("agents"));
    await symlink(dir.join("elsewhere"), dir.join("agents", "ada"));
    const run = await runCliai(["spawn", "--dry-run", "--data-dir", dir.path, "--id", "ada"]);
    expect(run).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("a symbolic link stands in its place"),
    });
  });
});

describe("cliai spawn", () => {
  test("gives the CLI its arguments untouched, and returns the CLI's own exit code", async () => {
    await using serve = await startServe();
    await using dir = await tempDir();
    await mkdir(dir.join("bin"));
    await writeFile(
      dir.join("bin", "claude"),
      '#!/bin/sh\npwd\nfor word; do printf "%s\\0" "$word"; done\nexit 7\n',
      {
        mode: 0o700,
      },
    );
    const env = { PATH: `${dir.join("bin")}:${process.env.PATH}` };
    const task = "$(touch /tmp/x) `id` \"quotes\" 'single' & | ; %PATH% \n two lines";
    const run = await serve.run(["spawn", "--task", task, "--project", dir.path, "--", "-p", "a b"], { env });
    expect(run.code).toBe(7);
    const [where, ...rest] = run.stdout.split("\n");
    expect(where).toBe(dir.path);
    expect(rest.join("\n").split("\0").slice(-5)).toEqual(["-p", "a b", "--", task, ""]);
    expect(run.stderr).toMatch(/^starting Agent-\d{4} \(claude in /);
  });

  test("a missing CLI is one line that says how to get it", async () => {
    await using serve = await startServe();
    await using dir = await tempDir();
    const run = await serve.run(["spawn", "demo", "dig"], { env: { PATH: dir.path } });
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain("error: cannot start claude: there is no such program on PATH\n");
    expect(run.stderr).toContain("hint: install it: npm install -g @anthropic-ai/claude-code\n");
  });

  test("an agent whose CLI cannot be started is shown as that, with the reason, until it is launched anew", async () => {
    await using serve = await startServe();
    await using dir = await tempDir();
    const spawn = (PATH: string) =>
      serve.run(["spawn", "--id", "ada", "--project", dir.path, "--task", "count the files"], {
        env: { PATH },
      });
    expect(await spawn(dir.path)).toMatchObject({ code: 2 });
    const seen = async () => JSON.parse((await serve.run(["show", "ada", "--json"])).stdout);
    const reason = "cannot start claude: there is no such program on PATH";
    const failed = await waitFor(
      async () => {
        const agent = await seen();
        return agent.status === "failed_to_start" && agent;
      },
      { what: "it is told", saw: seen },
    );
    expect(failed.axes).toMatchObject({
      link: { value: "offline", reason: "said goodbye (failed_to_start)" },
      activity: { value: "failed_to_start", source: "status", reason },
    });
    expect(failed.commands).toMatchObject([
      {
        ...{ type: "task", from: "its launch", summary: "count the files" },
        receipts: [{ state: "failed", detail: reason }],
      },
    ]);
    expect((await serve.run(["show", "ada"])).stdout).toMatch(
      /task +failed +from its launch: count the files/,
    );
    expect((await serve.run(["ls"])).stdout).toContain("✗ failed to start: ");
    expect((await serve.run(["show", "ada"])).stdout).toContain(reason);
    const page = await (await serve.fetch("/")).text();
    expect(page).toContain("failed to start");
    // What waits for it waits on, and is given to its next run.
    const task = ["send", "task", "ada", "dig", "--wait", "stored"];
    expect(await serve.run(task)).toMatchObject({ code: 0 });

    await mkdir(dir.join("bin"));
    await writeFile(dir.join("bin", "claude"), "#!/bin/sh\nexit 0\n", { mode: 0o700 });
    expect(await spawn(`${dir.join("bin")}:${process.env.PATH}`)).toMatchObject({ code: 0 });
    await waitFor(async () => (await seen()).status === "ended", { what: "another run", saw: seen });
  });

  test("a CLI of a release that was never tried is said, with what its --help lacks", async () => {
    await using serve = await startServe();
    await using dir = await tempDir();
    await mkdir(dir.join("bin"));
    const claude =
      '#!/bin/sh\ncase "$1" in --version) echo "9.9.9 (Claude Code)";; --help) echo "  --settings FILE";; esac\n';
    await writeFile(dir.join("bin", "claude"), claude, { mode: 0o700 });
    const env = { PATH: `${dir.join("bin")}:${process.env.PATH}`, HOME: dir.path };
    const spawned = await serve.run(["spawn", "demo", "dig", "--id", "ada", "--project", dir.path], { env });
    expect(spawned).toMatchObject({ code: 0 });
    expect(spawned.stderr).toMatch(
      /cliai was never tried with claude 9\.9\.9 \(tried: .*its --help lacks --mcp-config, /,
    );
  });

  test.each([
    ["exit 0", "its CLI has ended: exit code 0"],
    ["exit 3", "its CLI crashed: exit code 3"],
  ])(
    "a CLI that starts and ends at once (%s) has not taken its task: the task has failed, with how",
    async (script, how) => {
      await using serve = await startServe();
      await using dir = await tempDir();
      const program = `#!/bin/sh\ncase "$1" in --version) echo "2.1.330 (Claude Code)"; exit ;; esac\n${script}\n`;
      await writeFile(dir.join("claude"), program, { mode: 0o700 });
      const env = { PATH: `${dir.path}:${process.env.PATH}` };
      for (const more of [[], ["--headless"]]) {
        const id = more.length === 0 ? "ada" : "bob";
        const args = ["spawn", "--id", id, "--project", dir.path, "--task", "count the files", ...more];
        expect(await serve.run(args, { env })).toMatchObject({ code: Number(script.split(" ")[1]) });
        const seen = async () => JSON.parse((await serve.run(["show", id, "--json"])).stdout).commands;
        await waitFor(async () => (await seen()).length > 0, { what: "its end is told", saw: seen });
        expect(await seen()).toMatchObject([
          {
            ...{ type: "task", from: "its launch", summary: "count the files" },
            receipts: [{ state: "failed", detail: `${how}; it had not taken its task` }],
          },
        ]);
      }
    },
  );

  test("the real Claude Code takes a task that begins with dashes, and its status reaches the fleet", async () => {
    await using serve = await startServe();
    await using dir = await tempDir();
    await using model = await startModelServer();
    await mkdir(dir.join("work"));
    const home = dir.join("home");
    const env = await claudeEnvironment({ home, workDirs: [dir.join("work")], modelServerUrl: model.url });
    model.setScript({
      turns: [
        {
          toolUses: [
            {
              name: "mcp__cliai__report_status",
              input: { status: "working", current_task: "counting dashes" },
            },
          ],
        },
        { text: "Two dashes." },
      ],
    });
    const run = await serve.run(
      [
        "spawn",
        "demo",
        "--id",
        "ada",
        "--project",
        dir.join("work"),
        "--task",
        "--count the dashes",
        "--",
        "-p",
      ],
      { env },
    );
    expect(run).toMatchObject({ code: 0, stdout: "Two dashes.\n" });
    const [first] = model.requests.filter(({ isSide }) => !isSide);
    expect(first?.newText).toContain("--count the dashes");
    expect(JSON.stringify(first?.body)).toContain("You are one agent of a fleet");
    const show = async () => JSON.parse((await serve.run(["show", "ada", "--json"])).stdout);
    const shown = await waitFor(
      async () => {
        const agent = await show();
        return agent.axes.link.value === "offline" && agent;
      },
      { what: "Claude's end is a goodbye", saw: show },
    );
    expect(shown).toMatchObject({
      current_task: "counting dashes",
      config_name: "demo",
      project_path: dir.join("work"),
      cli: "claude-code",
      axes: { link: { reason: "its CLI has ended: exit code 0" } },
      // It took its task: nothing is said of one that failed.
      commands: [],
    });
  });
});

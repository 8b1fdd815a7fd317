// What a user gets wrong, or finds broken: one line that names it, a hint that mends it, and the exit code of that error.
import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { runCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";

const free = ["--port", "0", "--nats-port", "0"];

async function takenPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return { port: String(port), [Symbol.dispose]: () => void server.close() };
}

describe("usage", () => {
  test.each([
    [["sevre"], 'unknown command "sevre"', "did you mean serve?"],
    [["--version", "ls"], '"ls" is not the first word', "put it before --version: cliai ls"],
    [["serve", "--prot", "1"], "unknown flag --prot for serve", "did you mean --port?"],
    [["serve", "--port"], "--port needs a value", "cliai serve --port PORT"],
    [["serve", "--port", "abc"], '--port "abc" must be a whole number from 0 to 65535', "cliai serve --help"],
    [
      ["serve", "--host", "0.0.0.0"],
      `others can reach --host "0.0.0.0", and no --token-file is given`,
      "--token-file FILE",
    ],
    [["serve", "--otlp", "ftp://x"], 'otlp "ftp://x" is no URL with http:// or https://', "--otlp http://"],
    [["serve", "--tls-cert", "c.pem"], "--tls-cert is given without --tls-key", "give both"],
    [["bridge"], "bridge needs the agent's id", "cliai bridge --agent-id ID"],
    [["bridge", "--agent-id", "a.b"], '"a.b" is not an agent id', "such as Snake-1234"],
    [
      ["bridge", "--agent-id", "a", "--heartbeat", "0"],
      '--heartbeat "0" is not a number of seconds',
      "leave it out",
    ],
    [["spawn", "dmeo"], 'no profile "dmeo"', "did you mean demo?"],
    [["spawn", "--cli", "cladue"], 'no agent CLI "cladue"', "did you mean claude?"],
    [
      ["spawn", "--project", "/no/such/dir"],
      '--project "/no/such/dir" is not a directory',
      "name an existing directory",
    ],
    [["send", "stpo", "ada"], 'COMMAND "stpo" is not one of stop, pause, resume, task', "did you mean stop?"],
    [
      ["send", "stop"],
      "send needs the AGENT, --filter or --all",
      "cliai send stop ada (cliai ls lists the agents)",
    ],
    [["send", "task", "ada"], "a task needs its text", 'cliai send task ada "what to do"'],
    [["send", "task", "--all"], "a task needs its text", 'cliai send task --all "what to do"'],
    [["send", "ada"], 'COMMAND "ada" is not one of', 'give ada a task: cliai send ada "what to do"'],
    [["send", "ada", "fix", "the", "bug"], 'COMMAND "ada" is not one of', 'cliai send ada "fix the bug"'],
    [["send", "task", "ada", "fix", "it"], 'send takes no argument "it"', 'cliai send task ada "fix it"'],
    [["spawn", "demo", "fix", "it"], 'spawn takes no argument "it"', 'cliai spawn demo "fix it"'],
    [["profiles", "x"], 'profiles has no "x"', "it has ls, trust"],
    [
      ["send", "stop", "ada", "--timeout", "soon"],
      '--timeout "soon" is not a number of seconds',
      "cliai send",
    ],
    [["inbox", "ada"], 'inbox takes no argument "ada"', "cliai inbox --help"],
    [["ls", "--status", "runing"], '--status "runing" is not one of starting, ', "cliai ls --help"],
    [["ls", "--status", "wrking"], '--status "wrking" is not one of starting, ', "did you mean working?"],
    [["agents", "rm"], "agents remove needs AGENT, or --ended", "cliai agents remove ada"],
    [["agents", "rm", "ada", "--ended"], '--ended takes no AGENT, but "ada" is given', "--older-than 1h"],
    [["agents", "rm", "ada", "--yes"], "--yes is given without --ended", "leave it out"],
    [
      ["agents", "rm", "--ended", "--older-than", "old"],
      '--older-than "old" is not a duration',
      "1h, 30m or 2d",
    ],
    [["agents", "rm", "--ended", "--force"], "--force cannot be used with --ended", "leave one of them out"],
    [["agents", "revok"], 'agents has no "revok"', "did you mean revoke?"],
    [["token", "--json=x"], "--json takes no value", "cliai token --help"],
    [["token", "urll"], 'token has no "urll"', "did you mean url?"],
    [["bench", "soka"], 'bench has no "soka"', "did you mean soak?"],
    [["audit", "--help", "verfy"], 'audit has no "verfy"', "did you mean verify?"],
    [["--verison"], "unknown flag --verison", "did you mean --version?"],
  ])("cliai %j ends with 2, one line and a hint", async (args, message, hint) => {
    await using dir = await tempDir();
    const run = await runCliai(args, { env: { CLIAI_HOME: dir.path } });
    expect(run).toMatchObject({ code: 2, stdout: "" });
    const [first, second, ...rest] = run.stderr.trimEnd().split("\n");
    expect(first).toStartWith("error: ");
    expect(first).toContain(message);
    expect(second).toStartWith("hint: ");
    expect(second).toContain(hint);
    expect(rest).toEqual([]);
  });

  test("with --json the error is one JSON value on stderr", async () => {
    const run = await runCliai(["serve", "--prot", "1", "--json"]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(JSON.parse(run.stderr)).toEqual({
      error: { code: "usage", message: "unknown flag --prot for serve", hint: "did you mean --port?" },
    });
  });

  test("a stack is shown with CLIAI_LOG=debug, and only then", async () => {
    const debug = await runCliai(["sevre"], { env: { CLIAI_LOG: "debug" } });
    expect(debug.stderr).toMatch(/\n\s+at .*run/);
    const wrong = await runCliai(["sevre"], { env: { CLIAI_LOG: "loud" } });
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('CLIAI_LOG "loud" is not one of'),
    });
  });
});

describe("help", () => {
  test("cliai and cliai --help name every command on stdout, and end with 0", async () => {
    for (const args of [[], ["--help"], ["help"]]) {
      const run = await runCliai(args);
      expect(run).toMatchObject({ code: 0, stderr: "" });
      for (const name of ["serve", "spawn", "send", "ls", "show", "watch"])
        expect(run.stdout).toContain(`  ${name} `);
    }
  });

  test.each([[["serve", "--help"]], [["help", "serve"]], [["serve", "--port", "0", "-h"]]])(
    "cliai %j says what serve takes, without colour into a pipe",
    async (args) => {
      const run = await runCliai(args, { env: { FORCE_COLOR: "1" } });
      expect(run).toMatchObject({ code: 0, stderr: "" });
      expect(run.stdout).toContain("--nats-port PORT");
      expect(run.stdout).not.toContain("\u001b");
    },
  );

  test.each([
    [
      ["audit", "verify"],
      ["--stream NAME", "--file FILE"],
      ["--follow", "--speed"],
    ],
    [
      ["audit", "replay"],
      ["--speed N", "--since TIME"],
      ["--file", "--follow"],
    ],
    [["agents", "add"], ["--role agent|captain"], ["--force"]],
    [["agents", "remove"], ["--force"], ["--role"]],
    [["token", "url"], ["--data-dir DIR"], ["rotate"]],
    [["bench", "soak"], ["--minutes N"], ["--short", "--gate"]],
  ])("cliai %j says what it takes itself, by --help and by help alike", async (words, own, others) => {
    const [by, after] = await Promise.all([runCliai([...words, "--help"]), runCliai(["help", ...words])]);
    expect(by).toMatchObject({ code: 0, stderr: "" });
    expect(after.stdout).toBe(by.stdout);
    expect(by.stdout).toStartWith(`usage: cliai ${words.join(" ")} `);
    for (const flag of own) expect(by.stdout).toContain(flag);
    for (const flag of others) expect(by.stdout).not.toContain(flag);
  });

  test("--version names the program, its commit and the nats-server inside", async () => {
    const text = await runCliai(["--version"]);
    expect(text.stdout).toMatch(
      /^cliai \d+\.\d+\.\d+(-dev)? \(\S+\), (nats-server \d+\.\d+\.\d+|no nats-server inside)\n$/,
    );
    const { stdout } = await runCliai(["--version", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ version: expect.any(String), commit: expect.any(String) });
  });
});

describe("the settings file", () => {
  test.each([
    ['{"serve":{"prot":1}}', 'unknown key "serve.prot"', "did you mean port?"],
    ['{\n  "serve": {,}\n}', "config.json:2:13 is not JSON", "no comments"],
  ])("%j is refused by name", async (text, message, hint) => {
    await using dir = await tempDir();
    await writeFile(dir.join("config.json"), text);
    const run = await runCliai([
      "serve",
      ...free,
      "--data-dir",
      dir.join("d"),
      "--config",
      dir.join("config.json"),
    ]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain(hint);
  });

  test("one that is named and missing, or is a directory, is an error", async () => {
    await using dir = await tempDir();
    for (const path of [dir.join("none.json"), dir.path]) {
      const run = await runCliai(["spawn", "--dry-run", "--data-dir", dir.join("d")], {
        env: { CLIAI_CONFIG: path },
      });
      expect(run).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`cannot read the settings file ${path}`),
      });
    }
  });

  test("a prompt_file that is missing is named", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("c.json"), '{"agents":{"ada":{"prompt_file":"none.txt"}}}');
    const args = ["spawn", "ada", "--dry-run", "--data-dir", dir.join("d"), "--config", dir.join("c.json")];
    const run = await runCliai(args);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('the prompt_file "none.txt" of') });
  });
});

describe("serve", () => {
  test.each(["--port", "--nats-port"])("a taken port for %s is named within 5 s", async (flag) => {
    await using dir = await tempDir();
    using taken = await takenPort();
    const ports = flag === "--port" ? ["--nats-port", "0"] : ["--port", "0"];
    const args = ["serve", flag, taken.port, ...ports, "--data-dir", dir.join("d")];
    const run = await runCliai(args);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toMatch(new RegExp(`^error: port ${taken.port} .*is taken\nhint: .*\n$`));
  });

  test("a nats-server that is missing, or is something else, is named", async () => {
    await using dir = await tempDir();
    const serve = ["serve", ...free, "--data-dir", dir.join("d"), "--nats-server"];
    const missing = await runCliai([...serve, dir.join("none")]);
    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${dir.join("none")} does not run as a nats-server`),
    });
    await writeFile(dir.join("old"), "#!/bin/sh\necho nats-server: v2.1.0\n", { mode: 0o700 });
    const old = await runCliai([...serve, dir.join("old")]);
    expect(old).toMatchObject({ code: 2, stderr: expect.stringContaining("nats-server 2.1.0 at") });
  });

  test.each(["a file in its place", "a path that nobody can write"])(
    "a data directory that is unwritable is named: %s",
    async (how) => {
      await using dir = await tempDir();
      await writeFile(dir.join("file"), "");
      const path = how.startsWith("a file") ? dir.join("file") : "/proc/cliai";
      const run = await runCliai(["serve", ...free, "--data-dir", path]);
      expect(run).toMatchObject({ code: 2, stdout: "" });
      expect(run.stderr).toStartWith(`error: cannot write ${path}`);
      expect(run.stderr).toContain("hint: make it writable");
    },
  );

  test("a NATS server that does not answer ends with 3", async () => {
    await using dir = await tempDir();
    const args = ["serve", "--port", "0", "--nats-url", "nats://127.0.0.1:1", "--data-dir", dir.join("d")];
    const run = await runCliai(args);
    expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining("nats://127.0.0.1:1") });
  });

  test("a second serve on one data directory is refused within 5 s, and names the first", async () => {
    await using serve = await startServe();
    const run = await serve.run(["serve", ...free]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(`another serve already runs on ${serve.dataDir}, at ${serve.url}`);
  });
});

describe("the clients", () => {
  const serveFile = {
    url: "http://127.0.0.1:1",
    nats_url: "nats://127.0.0.1:1",
    data_dir: "",
    version: "0",
    nats_version: "0",
    pid: 1,
    instance: "gone",
  };

  test.each([
    { args: ["ls"] },
    { args: ["show", "ada"] },
    { args: ["watch"] },
    { args: ["send", "stop", "ada"] },
    { args: ["spawn", "--headless"] },
  ])("$args: no server, a dead one and a corrupt serve.json are told apart", async ({ args }) => {
    await using dir = await tempDir();
    const run = () => runCliai([...args, "--data-dir", dir.path]);
    const none = await run();
    expect(none).toMatchObject({
      code: 3,
      stdout: "",
      stderr: expect.stringContaining("hint: start it: cliai serve"),
    });

    await writeFile(dir.join("serve.json"), JSON.stringify(serveFile));
    const dead = await run();
    expect(dead).toMatchObject({ code: 3, stdout: "" });
    expect(dead.stderr).toContain(
      `nothing answers at nats://127.0.0.1:1, which ${dir.join("serve.json")} names`,
    );
    expect(dead.stderr).toContain("hint: start it again: cliai serve");

    await writeFile(dir.join("serve.json"), '{"url": "http://127');
    const corrupt = await run();
    expect(corrupt).toMatchObject({ code: 2, stdout: "" });
    expect(corrupt.stderr).toContain(`cannot read ${dir.join("serve.json")}`);
  });

  test("credentials that are missing are named", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("d"));
    const run = await runCliai(["ls", "--url", "nats://127.0.0.1:1", "--creds", dir.join("none.creds")]);
    expect(run).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`cannot read the credentials ${dir.join("none.creds")}`),
    });
  });
});

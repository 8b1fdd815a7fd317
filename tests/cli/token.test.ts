// The HTTP token, and the address that signs a browser in: what is printed with a server, without one, and with one that takes none.
import { describe, expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { tokenCommand } from "../../src/cli/token.ts";
import { ensureHttpToken, httpTokenPath, readHttpToken } from "../../src/data-dir/http-token.ts";
import { writeServeFile } from "../../src/data-dir/serve-file.ts";
import { testContext } from "../support/cli-context.ts";
import { tempDir } from "../support/temp-dir.ts";

async function place() {
  const dir = await tempDir();
  await mkdir(dir.join("data"), { mode: 0o700 });
  await ensureHttpToken(dir.join("data"));
  const run = async (args: readonly string[], json = false) => {
    const context = testContext({ json });
    const all = [...args, "--data-dir", dir.join("data"), ...(json ? ["--json"] : [])];
    await tokenCommand.run(all, context);
    return { printed: context.printed, noted: context.noted };
  };
  const serve = (more: object) =>
    writeServeFile(dir.join("data"), {
      ...{ url: "http://127.0.0.1:1", nats_url: "nats://127.0.0.1:1", data_dir: dir.join("data") },
      ...{ version: "0", nats_version: "0", pid: 1, instance: "i1", ...more },
    });
  return {
    ...dir,
    data: dir.join("data"),
    run,
    serve,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}
const token = (dir: { data: string }) => readHttpToken(httpTokenPath(dir.data));

describe("cliai token", () => {
  test("prints the token that the server reads, also of a file that is not cliai's own", async () => {
    await using dir = await place();
    expect((await dir.run([])).printed).toEqual([token(dir)]);
    const theirs = "x".repeat(40);
    await writeFile(dir.join("theirs"), theirs, { mode: 0o600 });
    await dir.serve({ token_file: dir.join("theirs") });
    expect((await dir.run(["show"])).printed).toEqual([theirs]);
    const [line = ""] = (await dir.run(["show"], true)).printed;
    expect(JSON.parse(line)).toEqual({ token: theirs, path: dir.join("theirs") });
  });

  test("prints no token, and no address with one, for a server that takes none", async () => {
    await using dir = await place();
    await dir.serve({ insecure: true });
    for (const word of ["show", "url"]) {
      await expect(dir.run([word])).rejects.toMatchObject({
        code: "refused",
        hint: "open it without a token: http://127.0.0.1:1",
      });
    }
  });

  test("makes no agent's token with scopes, or for an agent without credentials", async () => {
    await using dir = await place();
    await expect(dir.run(["add", "far", "--agent", "ada", "--scope", "read"])).rejects.toMatchObject({
      code: "usage",
      message: "--scope and --agent contradict each other: an agent's token has no scopes",
    });
    await expect(dir.run(["add", "far", "--agent", "ada"])).rejects.toMatchObject({
      code: "agent_unknown",
      hint: "make some first: cliai agents add ada",
    });
  });

  test("prints no address of a server that does not run, or was killed", async () => {
    await using dir = await place();
    await expect(dir.run(["url"])).rejects.toMatchObject({
      code: "server_unreachable",
      message: `no server runs on ${dir.data}: it has no serve.json`,
    });
    await dir.serve({});
    await expect(dir.run(["url"])).rejects.toMatchObject({
      code: "server_unreachable",
      message: `the server that ${dir.data}/serve.json names is gone`,
    });
  });

  test("makes a new token, and leaves a file that is not cliai's own as it is", async () => {
    await using dir = await place();
    const before = token(dir);
    expect((await dir.run(["rotate"])).noted.join()).toContain("sign in again");
    expect(token(dir)).not.toBe(before);
    await writeFile(dir.join("theirs"), before, { mode: 0o600 });
    await dir.serve({ token_file: dir.join("theirs") });
    await expect(dir.run(["rotate"])).rejects.toMatchObject({ code: "refused" });
    expect(await readFile(dir.join("theirs"), "utf8")).toBe(before);
  });
});

describe("tokens with a name", () => {
  test("are made, printed once, listed without the token, and revoked", async () => {
    await using dir = await place();
    const { printed, noted } = await dir.run(["add", "ci", "--scope", "read,answer", "--expires", "90d"]);
    expect(printed).toEqual([expect.stringMatching(/^cliai_[\w-]{43}$/)]);
    expect(noted.join()).toMatch(/^it is shown only now; it allows read, answer, until 20/);
    await dir.run(["add", "grafana", "--scope", "metrics"], true);
    const { printed: rows } = await dir.run(["list"]);
    expect(rows).toEqual([
      expect.stringMatching(/^ci {7}read,answer {2}made 20\S+, until 20\S+$/),
      expect.stringMatching(/^grafana {2}metrics {6}made 20\S+, until it is revoked$/),
    ]);
    expect(rows.join()).not.toContain(printed[0] ?? "no token");
    await dir.run(["revoke", "ci"]);
    const [json = ""] = (await dir.run(["list"], true)).printed;
    expect(JSON.parse(json)).toMatchObject([{ name: "grafana", scopes: ["metrics"] }]);
  });

  test.each([
    [["add", "ci"], "--scope names nothing that the token allows"],
    [["add", "ci", "--scope", "read,all"], '"all" is no scope of a token'],
    [["add", "a/b", "--scope", "read"], '"a/b" cannot be the name of a token'],
    [
      ["add", "ci", "--scope", "read", "--expires", "soon"],
      '--expires "soon" is not a time that a token can last',
    ],
    [
      ["add", "ci", "--scope", "read", "--expires", "0s"],
      '--expires "0s" is not a time that a token can last',
    ],
    [["revoke", "ci"], 'there is no token "ci"'],
  ])("%j is refused: %s", async (args, message) => {
    await using dir = await place();
    await expect(dir.run(args)).rejects.toMatchObject({ code: "usage", message });
    expect((await dir.run(["list"], true)).printed).toEqual(["[]"]);
  });
});

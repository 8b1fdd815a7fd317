// The built program on a real socket: the token's file, signing in, rotating under a running serve, other addresses than
// loopback, TLS, and a page of another port in a real browser.
import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { serveHttp } from "../../src/runtime.ts";
import { makeCertificate } from "../support/certificate.ts";
import { startChromium } from "../support/chromium.ts";
import { runCliai, startCliai, startServe } from "../support/cliai.ts";
import { modeOf } from "../support/files.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { callTool } from "../web/mcp/operator-client.ts";

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe("the token of a running serve", () => {
  test("is 256 bits in a file of this user's alone, kept over restarts, and never printed by serve", async () => {
    await using dir = await tempDir();
    const tokens: string[] = [];
    for (const _ of [1, 2]) {
      await using serve = await startServe({ dataDir: dir.path, env: { CLIAI_LOG: "debug" } });
      const token = (await serve.run(["token"])).stdout.trim();
      expect(token).toMatch(/^[\w-]{43}$/);
      expect(await modeOf(serve.tokenPath)).toBe("600");
      expect(await modeOf(`${dir.path}/keys`)).toBe("700");
      expect((await fetch(`${serve.url}/api/agents`, bearer(token))).status).toBe(200);
      expect((await fetch(`${serve.url}/api/agents`)).status).toBe(401);
      expect(serve.child.stdout + serve.child.stderr).not.toContain(token);
      expect(await readFile(`${dir.path}/serve.json`, "utf8")).not.toContain(token);
      tokens.push(token);
    }
    expect(tokens[0]).toBe(tokens[1] ?? "");
  });

  test("rotates under it: sessions, scripts and open streams end at once; a browser's page says how to go on", async () => {
    await using serve = await startServe();
    await using browser = await startChromium();
    const page = await browser.newPage();
    await page.goto(serve.url);
    expect(await page.textContent("main")).toContain("cliai token url");
    const login = await serve.loginUrl();
    await page.goto(login);
    expect(page.url()).toBe(`${serve.url}/`);
    await page.waitForSelector("html.live");
    const other = await browser.newPage();
    await other.goto(login);
    expect(await other.textContent("h1")).toContain("has been used");

    const old = (await readFile(serve.tokenPath, "utf8")).trim();
    const stream = await serve.fetch("/api/events");
    expect(await serve.run(["token", "rotate", "--json"])).toMatchObject({ code: 0 });
    expect((await fetch(`${serve.url}/api/agents`, bearer(old))).status).toBe(401);
    await stream.text(); // ends
    await page.getByText("cliai token url").waitFor();
    expect((await serve.fetch("/api/agents")).status).toBe(200);
  });

  test("is refused when it is weak, or a symbolic link stands in its place", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("keys"), { mode: 0o700 });
    const start = () => runCliai(["serve", "--port", "0", "--nats-port", "0", "--data-dir", dir.path]);
    await writeFile(dir.join("keys", "http-token"), "short\n");
    expect(await start()).toMatchObject({ code: 2, stderr: expect.stringContaining("holds no token") });
    await writeFile(dir.join("elsewhere"), `${"x".repeat(43)}\n`);
    expect(await runCliai(["token", "rotate", "--data-dir", dir.path])).toMatchObject({ code: 0 });
    await symlink(dir.join("elsewhere"), dir.join("keys", "link"));
    const { rename } = await import("node:fs/promises");
    await rename(dir.join("keys", "link"), dir.join("keys", "http-token"));
    expect(await start()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("a symbolic link stands"),
    });
    await runCliai(["token", "rotate", "--data-dir", dir.path]);
    expect(await readFile(dir.join("elsewhere"), "utf8")).toBe(`${"x".repeat(43)}\n`);
  });

  test("is warned about when others may read it", async () => {
    await using dir = await tempDir();
    await using first = await startServe({ dataDir: dir.path });
    await chmod(first.tokenPath, 0o644);
    first.child.kill("SIGTERM");
    expect((await first.child.exit()).stderr).not.toContain("can read the HTTP token");
    await using second = await startServe({ dataDir: dir.path });
    expect(second.child.stderr).toContain(`chmod 600 ${second.tokenPath}`);
  });

  test("with --insecure there is none, and `cliai token` says so", async () => {
    await using serve = await startServe({ args: ["--insecure"] });
    expect((await fetch(`${serve.url}/api/agents`)).status).toBe(200);
    const run = await serve.run(["token", "url"]);
    expect(run).toMatchObject({ code: 5, stdout: "" });
    expect(run.stderr).toContain("runs with --insecure");
  });
});

describe("--host beyond loopback", () => {
  test("takes --token-file, is warned about without TLS, answers by address and by its own names alone", async () => {
    await using dir = await tempDir();
    const token = "a-token-that-somebody-chose-for-this-server";
    await writeFile(dir.join("token"), `${token}\n`);
    await chmod(dir.join("token"), 0o600);
    const args = ["--host", "0.0.0.0", "--token-file", dir.join("token")];
    await using serve = await startServe({ args, dataDir: dir.join("data") });
    expect(serve.child.stderr).toContain("without --tls-cert and --tls-key");
    const ask = (host: string) =>
      fetch(`${serve.url}/api/agents`, { headers: { host, authorization: `Bearer ${token}` } });
    expect((await ask("192.0.2.7:3000")).status).toBe(200);
    expect((await ask("evil.example:3000")).status).toBe(403);
    expect((await serve.run(["token"])).stdout.trim()).toBe(token);
    const rotation = await serve.run(["token", "rotate"]);
    expect(rotation).toMatchObject({ code: 5, stderr: expect.stringContaining(dir.join("token")) });
    const insecure = await runCliai(["serve", "--host", "0.0.0.0", "--insecure"]);
    expect(insecure).toMatchObject({ code: 2, stderr: expect.stringContaining("the whole network") });
  });

  test("speaks TLS with a certificate, keeps its lock, and makes its cookie Secure", async () => {
    await using dir = await tempDir();
    const { certPath, keyPath, cert: ca } = await makeCertificate(dir, ["DNS:fleet.example"]);
    await writeFile(dir.join("token"), "t".repeat(40));
    const tls = ["--tls-cert", certPath, "--tls-key", keyPath, "--token-file", dir.join("token")];
    const dataDir = dir.join("data");
    await using serve = await startServe({ args: ["--host", "0.0.0.0", ...tls], dataDir });
    expect(serve.url).toStartWith("https://127.0.0.1:");
    expect(serve.child.stderr).not.toContain("without --tls-cert");
    const login = await serve.loginUrl();
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    const options = { ca, servername: "fleet.example", headers: { host: "fleet.example" } };
    get(login, options, (answer) => resolve(answer.headers["set-cookie"] ?? [])).on("error", reject);
    expect((await promise).join()).toMatch(/^__Host-cliai-\d+=.*; Secure/);
    const second = await runCliai(["serve", "--port", "0", "--nats-port", "0", "--data-dir", dataDir]);
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining("another serve already runs") });
  });
});

test("over TLS an MCP client of either era works with its token, if it trusts the certificate", async () => {
  await using dir = await tempDir();
  const { certPath, keyPath, cert: ca } = await makeCertificate(dir, ["IP:127.0.0.1"]);
  await using serve = await startServe({ args: ["--tls-cert", certPath, "--tls-key", keyPath] });
  expect(serve.url).toStartWith("https://127.0.0.1:");
  const added = await serve.run(["token", "add", "assistant", "--scope", "mcp"]);
  const connect = async (token: string, how: object, mode: "legacy" | "modern") => {
    const versions = mode === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {};
    const client = new Client({ name: "assistant", version: "1.2.3" }, versions);
    const transport = new StreamableHTTPClientTransport(new URL(`${serve.url}/mcp/operator`), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
      fetch: (url, init) => fetch(url, { ...init, ...how }),
    });
    await client.connect(transport);
    return client;
  };
  const token = added.stdout.trim();
  for (const mode of ["legacy", "modern"] as const) {
    const client = await connect(token, { tls: { ca } }, mode);
    expect(await callTool(client, "list_agents")).toMatchObject({ agents: [] });
    await client.close();
  }
  await expect(connect("wrong", { tls: { ca } }, "modern")).rejects.toThrow();
  await expect(connect(token, {}, "modern")).rejects.toThrow(/certificate/i);
});

test("a page of another port, in a browser that is signed in, can neither command an agent nor read of it", async () => {
  await using serve = await startServe();
  const heartbeat = JSON.stringify({ agent_id: "ada", status: "working" });
  await serve.fetch("/api/heartbeat", { method: "POST", body: heartbeat });
  await waitFor(async () => (await serve.fetch("/api/agents/ada")).ok, { what: "ada is known" });
  const target = `${serve.url}/api/agents/ada/commands`;
  const form = `<form method="post" action="${serve.url}/agents/ada/commands"><input name="type" value="stop"></form>`;
  const html = `<!doctype html><title>evil</title>${form}<iframe src="${serve.url}/"></iframe>`;
  const evil = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    maxBodyBytes: 1024,
    fetch: () => new Response(html, { headers: { "content-type": "text/html" } }),
  });
  await using browser = await startChromium();
  try {
    const page = await browser.newPage();
    await page.goto(await serve.loginUrl());
    await page.waitForSelector("html.live");
    await page.goto(`http://127.0.0.1:${evil.port}/`);
    const results = await page.evaluate(
      async ({ command, list, events }) => {
        const attempt = (url: string, init: RequestInit) =>
          fetch(url, { credentials: "include", ...init }).then(
            async (answer) => `${answer.type} ${await answer.text()}`,
            () => "failed",
          );
        const stop = { method: "POST", body: '{"type":"stop"}' };
        const source = new EventSource(events, { withCredentials: true });
        const stream = new Promise<string>((done) => {
          source.onerror = () => done("failed");
          source.onmessage = () => done("read");
        });
        return [
          await attempt(command, stop),
          await attempt(command, { ...stop, mode: "no-cors" }),
          await attempt(list, {}),
          await attempt(list, { mode: "no-cors" }),
          await stream,
        ];
      },
      { command: target, list: `${serve.url}/api/agents`, events: `${serve.url}/api/events` },
    );
    expect(results).toEqual(Array(5).fill("failed"));
    await Promise.all([
      page.waitForNavigation(),
      page.evaluate(() => (document.querySelector("form") as HTMLFormElement).submit()),
    ]);
    const { commands } = (await (await serve.fetch("/api/agents/ada")).json()) as { commands: unknown[] };
    expect(commands).toEqual([]);
  } finally {
    await evil.stop();
  }
});

test("nats-server, its child, is not given the keys that serve was started with", async () => {
  const secret = "a-key-of-a-model-provider";
  await using serve = await startServe({ env: { ANTHROPIC_API_KEY: secret, OPENAI_API_KEY: secret } });
  const { pid } = JSON.parse(await readFile(`${serve.dataDir}/nats/run.json`, "utf8"));
  expect(await readFile(`/proc/${pid}/environ`, "utf8")).not.toContain(secret);
});

test("the ready line is one line with an address that signs in once", async () => {
  await using dir = await tempDir();
  const free = ["--port", "0", "--nats-port", "0", "--data-dir", dir.path];
  await using child = await startCliai(["serve", ...free]);
  const line = await child.line("ready");
  const url = /http:\S+\/login\?code=\S+/.exec(line)?.[0] ?? "";
  const first = await fetch(url, { redirect: "manual" });
  expect(first.status).toBe(303);
  expect((await fetch(url, { redirect: "manual" })).status).toBe(401);
});

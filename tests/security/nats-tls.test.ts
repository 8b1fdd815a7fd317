// NATS over TLS, as a user has it: with a certificate that is its own authority, for another name than 127.0.0.1.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { connect, credsAuthenticator } from "nats";
import { trustOptions } from "../../src/nats/accounts/trust.ts";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import { type RunningServe, runCliai, startServe } from "../support/cliai.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** Makes `<name>.pem` and `<name>.key`; returns their paths. */
function makeCertificate(dir: TempDir, name: string): readonly [cert: string, key: string] {
  const [cert, key] = [dir.join(`${name}.pem`), dir.join(`${name}.key`)];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return [cert, key];
}

let dir: TempDir;
let serve: RunningServe;
beforeAll(async () => {
  dir = await tempDir();
  const [cert, key] = makeCertificate(dir, "fleet.example");
  await writeFile(dir.join("token"), "t".repeat(40));
  const args = ["--host", "0.0.0.0", "--token-file", dir.join("token"), "--tls-cert", cert, "--tls-key", key];
  serve = await startServe({ args, dataDir: dir.join("data") });
});
afterAll(async () => {
  await serve[Symbol.asyncDispose]();
  await dir[Symbol.asyncDispose]();
});

const credsOf = (id: string) => join(serve.dataDir, "agents", id, "nats.creds");
const withoutCertificates = (creds: string) => creds.replace(/-----BEGIN CERT[\s\S]*/, "");

/** The line with which a nats-server greets, before any TLS. */
async function greetingOf(port: number): Promise<{ tls_required?: boolean; host?: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = createConnection({ host: "127.0.0.1", port });
  socket.setEncoding("utf8").once("data", resolve).once("error", reject);
  const greeting = await promise;
  socket.destroy();
  return JSON.parse(greeting.replace(/^INFO /, ""));
}

test("with a certificate NATS takes TLS alone, and commands and agents come in by their credentials", async () => {
  expect(serve.natsUrl).toStartWith("tls://127.0.0.1:");
  expect(await greetingOf(Number(new URL(serve.natsUrl).port))).toMatchObject({
    tls_required: true,
    host: "0.0.0.0",
  });
  expect(await serve.run(["ls"])).toMatchObject({ code: 0 });
  expect(await serve.run(["agents", "add", "ada"])).toMatchObject({ code: 0 });
  const creds = await readFile(credsOf("ada"), "utf8");
  expect(creds).toContain((await readFile(dir.join("fleet.example.pem"), "utf8")).trim());
  expect(creds).not.toContain("BEGIN PRIVATE KEY");
  const spawned = await serve.run(["spawn", "--dry-run", "--id", "bob", "--json"]);
  const [mcpFile = ""] = (JSON.parse(spawned.stdout) as { files: string[] }).files;
  expect(JSON.parse(await readFile(mcpFile, "utf8")).mcpServers.cliai.env.NATS_URL).toBe(serve.natsUrl);
  // A revocation is told over the system account: by TLS too.
  const revoked = await serve.run(["agents", "revoke", "ada", "--json"]);
  expect(JSON.parse(revoked.stdout)).toMatchObject({ revoked: 1, live: true });
});

test("whoever does not believe the certificate says so, and how to mend it; nobody talks without TLS", async () => {
  await serve.run(["agents", "add", "eve"]);
  const creds = await readFile(credsOf("eve"), "utf8");
  await writeFile(dir.join("bare.creds"), withoutCertificates(creds));
  const bare = await runCliai(["ls", "--url", serve.natsUrl, "--creds", dir.join("bare.creds")]);
  expect(bare.code).toBe(5);
  expect(bare.stderr).toContain("is not trusted");
  expect(bare.stderr).toContain("hint: make new credentials, which name the present certificate");

  const [other] = makeCertificate(dir, "other.example");
  const others = withoutCertificates(creds) + (await readFile(other, "utf8"));
  const asOther = connect({
    servers: serve.natsUrl,
    reconnect: false,
    authenticator: credsAuthenticator(new TextEncoder().encode(others)),
    tls: trustOptions(serve.natsUrl, others) ?? {},
  });
  await expect(asOther).rejects.toThrow();
});

test("credentials with a certificate, or an address with tls:, are given to no nats-server without TLS", async () => {
  await using plain = await startServe();
  await serve.run(["agents", "add", "kim"]);
  for (const args of [
    ["--url", plain.natsUrl, "--creds", credsOf("kim")],
    ["--url", plain.natsUrl.replace("nats:", "tls:"), "--creds", plain.credsPath ?? ""],
  ]) {
    const run = await runCliai(["ls", ...args]);
    expect(run.code).toBe(5);
    expect(run.stderr).toContain("does not speak TLS");
  }
});

test("a bridge is online over TLS, and its loss is noticed by its connection, not by its silence", async () => {
  // The page's certificate is for another name as well, and fetch has no way to say so.
  const over: RunningServe = {
    ...serve,
    fetch: async (path) => {
      const shown = await serve.run(["show", path.split("/").at(-1) ?? "", "--json"]);
      return new Response(shown.stdout || "{}", { status: shown.code === 0 ? 200 : 404 });
    },
  };
  {
    await using _ada = await startBridge(over, "ann");
  }
  // By its heartbeats alone it would be missed after 45 s.
  const isOffline = async () => (await fetchAgent(over, "ann")).axes.link.value === "offline";
  await waitFor(isOffline, { what: "its loss is noticed", deadlineMs: 20_000 });
});

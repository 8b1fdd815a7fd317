// A proxy in the environment is never asked for what is this machine's own, by any runtime that the program runs under.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { join } from "node:path";
import { startChild } from "./support/child.ts";
import { denoPath } from "./support/deno.ts";
import { tempDir } from "./support/temp-dir.ts";

const program = join(import.meta.dirname, "direct-fetch-program.ts");
const parts = new AsyncDisposableStack();
const dir = parts.use(await tempDir());
const compiled = dir.join("program");

async function listen(server: Server | TcpServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const part of request.setEncoding("utf8")) body += part;
  const { authorization = "" } = request.headers;
  if (request.url === "/echo") response.setHeader("x-said", authorization).writeHead(201).end(body);
  else if (request.url === "/secure") response.end("over TLS");
  else if (request.url === "/empty") response.writeHead(204).end();
  else response.write("first"); // it never ends by itself
}

beforeAll(() => {
  const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=elsewhere"];
  const files = ["-keyout", dir.join("key.pem"), "-out", dir.join("cert.pem")];
  execFileSync("openssl", [...made, ...files], { stdio: "ignore" });
  execFileSync(process.execPath, ["build", "--compile", program, "--outfile", compiled], { stdio: "ignore" });
});

afterAll(() => parts.disposeAsync());

describe("directFetch()", () => {
  test.each([
    ["Bun", [process.execPath, program]],
    ["an executable of Bun's", [compiled]],
    ["Deno", [denoPath(), "run", "-A", program]],
  ])("passes every proxy by under %s", async (_, [command = "", ...first]) => {
    const asked: string[] = [];
    const proxy = createTcpServer((socket) => {
      socket.on("error", () => {}); // who asks it has ended
      socket.once("data", (data) => {
        asked.push(String(data).split("\r\n")[0] ?? "");
        socket.destroy();
      });
    });
    const pem = { key: readFileSync(dir.join("key.pem")), cert: readFileSync(dir.join("cert.pem")) };
    const servers = [createServer(answer), createTlsServer(pem, answer)];
    const [proxyPort, plainPort, tlsPort] = await Promise.all([proxy, ...servers].map(listen));
    const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
    const proxies = Object.fromEntries(names.map((name) => [name, `http://127.0.0.1:${proxyPort}`]));
    // Deno asks by the proxy, too, whether a newer Deno is out.
    const quiet = { NODE_USE_ENV_PROXY: "1", DENO_NO_UPDATE_CHECK: "1" };
    const env = { ...process.env, ...proxies, ...quiet, NO_PROXY: "", no_proxy: "" };
    const urls = [`http://127.0.0.1:${plainPort}`, `https://127.0.0.1:${tlsPort}`];
    try {
      await using child = await startChild(command, [...first, ...urls], { env });
      const { stdout, stderr } = await child.exit();
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toEqual([
        [201, "Bearer t", '{"text":"Zoë"}'],
        [200, "over TLS", "its certificate was refused"],
        [204, ""],
        ["first", "aborted"],
        "nobody is there",
        [201, "quick"],
      ]);
      expect(asked).toEqual([]);
    } finally {
      for (const server of servers) server.closeAllConnections();
      for (const server of [proxy, ...servers]) server.close();
    }
  });
});

import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { silentLogger as log } from "../../../src/log.ts";
import { endOrphan, readRun, readServePort, recordRun } from "../../../src/nats/child/leftover-server.ts";
import { startChild } from "../../support/child.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** A process that only waits, as a nats-server that a killed serve has left. */
const startWaiting = () => startChild(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
const neverAProcess = 2 ** 30;

/** A program on loopback that greets each connection so. */
async function startGreeting(greeting: string) {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(greeting);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]: () => void server.close(),
  };
}
const greetingOf = (server_name: string) => `INFO ${JSON.stringify({ server_name })} \r\n`;

describe("endOrphan()", () => {
  test("ends the process that was recorded, and is content without one", async () => {
    await using dir = await tempDir();
    await endOrphan(dir.path, log);
    await using left = await startWaiting();
    await recordRun(dir.path, { server_name: "n1", pid: left.pid, port: 0 });
    await endOrphan(dir.path, log);
    expect((await left.exit()).code).not.toBe(0);
    await endOrphan(dir.path, log);
  });

  test("leaves another process that has the id by now, and a nats-server of another name on the port", async () => {
    await using dir = await tempDir();
    await using other = await startWaiting();
    using server = await startGreeting(greetingOf("n2"));
    await recordRun(dir.path, { server_name: "n1", pid: other.pid, port: server.port });
    const run = JSON.parse(await readFile(dir.join("run.json"), "utf8")) as object;
    await writeFile(dir.join("run.json"), JSON.stringify({ ...run, started: "long ago" }));
    let isOver = false;
    void other.exit().then(() => {
      isOver = true;
    });
    await endOrphan(dir.path, log);
    process.kill(other.pid, 0);
    expect(isOver).toBe(false);
  });

  test.each(["HTTP/1.1 400 Bad Request\r\n\r\n", "INFO {}\r\n", "INFO {\r\n", ""])(
    "takes a program that greets with %p for none",
    async (greeting) => {
      await using dir = await tempDir();
      using server = await startGreeting(greeting);
      const run = { server_name: "n1", pid: neverAProcess, port: server.port, started: "long ago" };
      await writeFile(dir.join("run.json"), JSON.stringify(run));
      await endOrphan(dir.path, log);
    },
  );

  test("refuses to start beside one that answers by its name, and whose process is not here", async () => {
    await using dir = await tempDir();
    using server = await startGreeting(greetingOf("n1"));
    const run = { server_name: "n1", pid: neverAProcess, port: server.port, started: "long ago" };
    await writeFile(dir.join("run.json"), JSON.stringify(run));
    await expect(endOrphan(dir.path, log)).rejects.toMatchObject({
      ...{ code: "already_running", message: expect.stringContaining(String(server.port)) },
    });
  });
});

test("readServePort() reads a file of 0.2.0, too, and one of a server that was killed before it listened", async () => {
  await using dir = await tempDir();
  expect(await readServePort(dir.path)).toBeUndefined();
  const run = { server_name: "n1", pid: process.pid, port: 4222 };
  await recordRun(dir.path, run);
  expect(await readServePort(dir.path)).toBe(4222);
  await recordRun(dir.path, { ...run, port: 0, serve_port: 4333 });
  expect(await readServePort(dir.path)).toBe(4333);
  await recordRun(dir.path, { ...run, port: 4444, serve_port: 0 });
  expect(await readServePort(dir.path)).toBeUndefined();
});

describe("readRun()", () => {
  const run = { server_name: "n1", pid: 42, port: 4222 };

  test("reads what recordRun() has written, and a file of 0.1.0, without a start", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("run.json"), JSON.stringify(run));
    expect(await readRun(dir.path)).toEqual(run);
    await recordRun(dir.path, { ...run, pid: process.pid });
    expect(await readRun(dir.path)).toMatchObject({ ...run, pid: process.pid });
  });

  test.each([
    ["the id 0, with which a signal reaches a whole group", { ...run, pid: 0 }],
    ["a negative id", { ...run, pid: -1 }],
    ["a port that is none", { ...run, port: 65_536 }],
    ["no name, which every program would have", { ...run, server_name: "" }],
  ])("names no process in a file with %s", async (_what, content) => {
    await using dir = await tempDir();
    await writeFile(dir.join("run.json"), JSON.stringify(content));
    expect(await readRun(dir.path)).toBeUndefined();
  });
});

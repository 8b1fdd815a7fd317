#!/usr/bin/env bash
# Gemini CLI 0.61.0 (ACP): a session can be loaded once. `session/load` leaves a second file that has the session's id and no conversation. The
# next `gemini --acp` takes that file for a broken one at its start, and deletes all files of its id, those with the conversation too. So the
# second `session/load` finds no session. If that start names the session (`gemini --acp --resume ID`), nothing is deleted and it is found.
#
# Gemini CLI 0.61.0 (npm), offline with a model of our own, each process ended before the next. Output seen:
#   --acp: first load: loaded; second load: not found; files with the conversation: 0
#   --acp --resume ID: first load: loaded; second load: loaded; files with the conversation: 1 or more
# Takes about three minutes, because the name of a session's file holds its minute. Exits 1 when that is no longer so.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund @google/gemini-cli@0.61.0
cat >try.mjs <<'JS'
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

const answer = {
  candidates: [{ index: 0, content: { role: "model", parts: [{ text: "A kingfisher." }] }, finishReason: "STOP" }],
  usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
  modelVersion: "model-1",
};
const model = createServer((request, response) => {
  request.resume().on("end", () => {
    const isStream = request.url.includes("streamGenerateContent");
    response.writeHead(200, { "content-type": isStream ? "text/event-stream" : "application/json" });
    if (request.url.includes("countTokens")) return response.end(JSON.stringify({ totalTokens: 10 }));
    response.end(isStream ? `data: ${JSON.stringify(answer)}\n\n` : JSON.stringify(answer));
  });
});
await new Promise((resolve) => model.listen(0, "127.0.0.1", resolve));

const root = process.cwd();
const program = join(root, "node_modules/@google/gemini-cli/bundle/gemini.js");
const nextMinute = () => delay(61_000 - (Date.now() % 60_000));

function folder(name) {
  const [home, work] = [join(root, name, "home"), join(root, name, "work")];
  mkdirSync(join(home, ".gemini"), { recursive: true });
  mkdirSync(work, { recursive: true });
  writeFileSync(join(home, ".gemini", "settings.json"), JSON.stringify({
    security: { auth: { selectedType: "gemini-api-key" } },
    general: { enableAutoUpdate: false },
    privacy: { usageStatisticsEnabled: false },
  }));
  return { home, work };
}

/** Runs one process with these requests in turn; returns their results, or their errors. */
async function run({ home, work }, args, requests) {
  const url = `http://127.0.0.1:${model.address().port}`;
  const env = {
    PATH: process.env.PATH, HOME: home, LANG: "C.UTF-8", GEMINI_CLI_NO_RELAUNCH: "true",
    GEMINI_API_KEY: "dummy-key", GOOGLE_GEMINI_BASE_URL: url, GEMINI_MODEL: "model-1",
  };
  const child = spawn(process.execPath, [program, "--acp", "--skip-trust", ...args], {
    cwd: work, env, stdio: ["pipe", "pipe", "ignore"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const waiting = new Map();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith("{")) return;
    const { id, result, error } = JSON.parse(line);
    waiting.get(id)?.(error ? { error } : { result });
  });
  const gone = exited.then(() => ({ error: { message: "the process has ended" } }));
  const request = (id, method, params) => {
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    return Promise.race([answered, gone, delay(60_000, { error: { message: "no answer in 60 s" } })]);
  };
  child.stdin.on("error", () => undefined);
  const answers = [await request(1, "initialize", { protocolVersion: 1, clientCapabilities: {} })];
  for (const [i, make] of requests.entries()) {
    const { method, params } = make(answers);
    answers.push(await request(i + 2, method, params));
  }
  await delay(1_000);
  child.kill("SIGTERM");
  await Promise.race([exited, delay(5_000).then(() => child.kill("SIGKILL"))]);
  return answers;
}

function conversations(home) {
  const found = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.endsWith("chats"))
    .filter((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8").includes("kingfisher"));
  return found.length;
}

async function tell(name, argsOf) {
  const { home, work } = folder(name);
  const place = { cwd: work, mcpServers: [] };
  const begun = await run({ home, work }, [], [
    () => ({ method: "session/new", params: place }),
    (answers) => ({
      method: "session/prompt",
      params: { sessionId: answers[1].result.sessionId, prompt: [{ type: "text", text: "Name a bird: a kingfisher?" }] },
    }),
  ]);
  const { sessionId } = begun[1].result;
  if (begun[2].error !== undefined) throw new Error(JSON.stringify(begun[2].error));
  const load = async () => {
    await nextMinute();
    const [, loaded] = await run({ home, work }, argsOf(sessionId), [
      () => ({ method: "session/load", params: { sessionId, ...place } }),
    ]);
    return loaded.error === undefined ? "loaded" : "not found";
  };
  const [first, second] = [await load(), await load()];
  return { first, second, kept: conversations(home) };
}

const [plain, named] = await Promise.all([tell("plain", () => []), tell("named", (id) => ["--resume", id])]);
const show = ({ first, second, kept }) => `first load: ${first}; second load: ${second}; files with the conversation: ${kept}`;
console.log(`--acp: ${show(plain)}`);
console.log(`--acp --resume ID: ${show(named)}`);
const isSo = plain.first === "loaded" && plain.second === "not found" && plain.kept === 0;
process.exit(isSo && named.first === "loaded" && named.second === "loaded" && named.kept > 0 ? 0 : 1);
JS
timeout 400 node try.mjs

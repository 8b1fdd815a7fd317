#!/usr/bin/env bash
# Claude Code on a terminal: a key that comes right after a permission dialog is drawn is lost. Enter pressed 1 ms after the question
# "Do you want to proceed?" appears on the screen often changes nothing: the dialog stays open until the next key. Pressed 1 s after it, the same
# Enter answers the dialog. The screen does not show from which moment on the dialog takes keys. So a program that types into the terminal has to
# check whether its key had an effect.
#
# @anthropic-ai/claude-code 2.1.330 (npm) in tmux, offline: a model server on 127.0.0.1 that calls Bash once.
# Expected: a dialog takes keys as soon as it is drawn. Output seen:
#   Enter 1 ms after the dialog: taken 0 of 8 times (once, on a busy machine, one was taken)
#   Enter 1 s after the dialog: taken 4 of 4 times
# Needs node, npm, tmux. Exits 1 when all early keys are taken, or a late one is not.
set -euo pipefail
dir=$(mktemp -d)
trap 'tmux -S "$dir/tmux.sock" kill-server 2>/dev/null || true; sleep 2; rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund @anthropic-ai/claude-code@2.1.330
mkdir -p home/claude work
cat >try.mjs <<'JS'
import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

const dir = process.cwd();
const key = "sk-ant-dummy-000000000000000000000000-dummyAA";
const lines = (events) => events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
const answer = (block, delta, stop_reason) =>
  lines([
    { type: "message_start", message: { id: "m", type: "message", role: "assistant", model: "x", content: [], stop_reason: null, usage: { input_tokens: 1, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: block },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 1 } },
    { type: "message_stop" },
  ]);
const server = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const { messages = [], tools = [] } = body ? JSON.parse(body) : {};
  const count = (word) => JSON.stringify(messages).split(word).length - 1;
  const calls = tools.some(({ name }) => name === "Bash") && count("run it") > count('"type":"tool_result"');
  const input = JSON.stringify({ command: "touch ran", description: "as asked" });
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(
    calls
      ? answer({ type: "tool_use", id: `toolu_${Date.now()}`, name: "Bash", input: {} }, { type: "input_json_delta", partial_json: input }, "tool_use")
      : answer({ type: "text", text: "" }, { type: "text_delta", text: "Done." }, "end_turn"),
  );
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true };
writeFileSync(
  "home/claude/.claude.json",
  JSON.stringify({
    ...{ hasCompletedOnboarding: true, theme: "dark", numStartups: 5, autoUpdates: false },
    customApiKeyResponses: { approved: [key.slice(-20)], rejected: [] },
    projects: { [`${dir}/work`]: project },
  }),
);
const env = {
  ...{ PATH: process.env.PATH, HOME: `${dir}/home`, TERM: "xterm-256color", LANG: "C.UTF-8" },
  ...{ CLAUDE_CONFIG_DIR: `${dir}/home/claude`, ANTHROPIC_API_KEY: key, DISABLE_AUTOUPDATER: "1" },
  ANTHROPIC_BASE_URL: `http://127.0.0.1:${server.address().port}`,
  ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: "1" },
};
const tmux = (...args) => execFileSync("tmux", ["-S", `${dir}/tmux.sock`, "-f", "/dev/null", ...args], { env, encoding: "utf8" });
const screen = () => tmux("capture-pane", "-p", "-t", "claude");
const until = async (holds, what) => {
  for (const endMs = Date.now() + 60_000; Date.now() < endMs; await delay(1)) if (holds()) return;
  throw new Error(`not within a minute: ${what}\n${screen()}`);
};
const question = "Do you want to proceed?";
tmux("new-session", "-d", "-s", "claude", "-x", "120", "-y", "40", "-c", `${dir}/work`, `${dir}/node_modules/.bin/claude --permission-mode default`);
await until(() => screen().includes("❯"), "the prompt");
await delay(1_000);
/** Types the prompt, and presses Enter so long after the dialog has appeared. Resolves to whether the command ran within 3 s. */
async function pressed(afterMs) {
  rmSync("work/ran", { force: true });
  tmux("send-keys", "-t", "claude", "-l", "run it");
  await delay(500);
  tmux("send-keys", "-t", "claude", "Enter");
  await until(() => screen().includes(question), "the dialog");
  await delay(afterMs);
  tmux("send-keys", "-t", "claude", "Enter");
  for (const endMs = Date.now() + 3_000; Date.now() < endMs; await delay(50)) if (existsSync("work/ran")) return true;
  return false;
}
/** How many of so many presses were taken. Answers a dialog that is still open after a press. */
async function taken(times, afterMs) {
  let count = 0;
  for (let tries = 0; tries < times; tries += 1) {
    if (await pressed(afterMs)) count += 1;
    else tmux("send-keys", "-t", "claude", "Enter");
    await until(() => existsSync("work/ran") && !screen().includes(question), "the end of the command");
    await delay(1_000);
    tmux("send-keys", "-t", "claude", "-l", "/clear");
    await delay(300);
    tmux("send-keys", "-t", "claude", "Enter");
    await delay(1_500);
  }
  return count;
}
const [early, late] = [await taken(8, 1), await taken(4, 1_000)];
console.log(`Enter 1 ms after the dialog: taken ${early} of 8 times`);
console.log(`Enter 1 s after the dialog: taken ${late} of 4 times`);
server.closeAllConnections();
server.close();
process.exitCode = early < 8 && late === 4 ? 0 : 1;
JS
timeout 240 node try.mjs

#!/usr/bin/env bash
# Claude Code on a terminal, with a gateway or model server of the user's own: without --permission-mode it is in the mode "auto", in which
# Anthropic's service checks each call. If the server at ANTHROPIC_BASE_URL answers only /v1/messages, Claude does not run a command that
# --allowedTools Bash allows. A dialog says "Auto mode can't check actions in this session". Claude calls no hook PermissionRequest for the dialog;
# the only hook is a Notification of the type agent_needs_input, about seven seconds later. With --permission-mode default the same command runs,
# and nothing is asked.
#
# @anthropic-ai/claude-code 2.1.330 (npm) in tmux, offline: a model server on 127.0.0.1 that calls Bash once.
# Expected: a tool that a flag allows runs, or the hook PermissionRequest is called for the dialog. Output seen:
#   without a mode: dialog true, ran false, hooks PreToolUse Notification:agent_needs_input
#   --permission-mode default: dialog false, ran true, hooks PreToolUse
# Needs node, npm, tmux, jq. Exits 1 when that changes.
set -euo pipefail
dir=$(mktemp -d)
trap 'tmux -S "$dir/tmux.sock" kill-server 2>/dev/null || true; sleep 2; rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund @anthropic-ai/claude-code@2.1.330
mkdir -p home/claude work
cat >try.mjs <<'JS'
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
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
const command = "timeout 1 tail -f /dev/null; touch ran";
let result; // of the tool, as Claude gives it to the model
const server = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  if (!request.url.startsWith("/v1/messages")) return void response.writeHead(404).end();
  const { messages = [], tools = [] } = JSON.parse(body);
  const last = messages.flatMap(({ content }) => (Array.isArray(content) ? content : [])).findLast(({ type }) => type === "tool_result");
  if (last !== undefined) result = JSON.stringify(last.content);
  const calls = tools.some(({ name }) => name === "Bash") && last === undefined;
  const input = JSON.stringify({ command, description: "as asked" });
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
const screen = (name) => tmux("capture-pane", "-p", "-t", name);
const until = async (holds, what) => {
  for (const endMs = Date.now() + 60_000; Date.now() < endMs; await delay(50)) if (holds()) return;
  throw new Error(`not within a minute: ${what}`);
};
const hook = (name) => [{ hooks: [{ type: "command", command: `jq -c '[.hook_event_name, .notification_type]' >>"$HOOKS"` }] }];
writeFileSync("hooks.json", JSON.stringify({ hooks: Object.fromEntries(["PreToolUse", "PermissionRequest", "Notification"].map((name) => [name, hook(name)])) }));
/** Has Claude run the command on a terminal of its own, and resolves to what became of it. */
async function run(name, mode) {
  result = undefined;
  execFileSync("rm", ["-f", "work/ran", name]);
  const claude = `${dir}/node_modules/.bin/claude --settings ${dir}/hooks.json --allowedTools Bash ${mode}`;
  tmux("new-session", "-d", "-s", name, "-e", `HOOKS=${dir}/${name}`, "-x", "150", "-y", "50", "-c", `${dir}/work`, claude);
  await until(() => screen(name).includes("❯"), "the prompt");
  await delay(1_000);
  tmux("send-keys", "-t", name, "-l", "run it");
  await delay(500);
  tmux("send-keys", "-t", name, "Enter");
  const asks = () => screen(name).includes("Auto mode can't check actions in this session");
  await until(() => asks() || result !== undefined, "a dialog, or the end of the command");
  await delay(10_000);
  const told = existsSync(name) ? readFileSync(name, "utf8").trim().split("\n").map((line) => JSON.parse(line).filter(Boolean).join(":")) : [];
  // A Notification of the idle prompt is about the end of the turn.
  const hooks = told.filter((each) => each !== "Notification:idle_prompt").join(" ");
  return { dialog: asks(), ran: existsSync("work/ran"), hooks };
}
const auto = await run("auto", "");
const plain = await run("plain", "--permission-mode default");
const words = ({ dialog, ran, hooks }) => `dialog ${dialog}, ran ${ran}, hooks ${hooks}`;
console.log(`without a mode: ${words(auto)}`);
console.log(`--permission-mode default: ${words(plain)}`);
server.closeAllConnections();
server.close();
process.exitCode = auto.dialog && !auto.ran && !auto.hooks.includes("PermissionRequest") && !plain.dialog && plain.ran ? 0 : 1;
JS
timeout 240 node try.mjs

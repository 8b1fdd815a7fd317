#!/usr/bin/env bash
# Qwen Code 0.24.4 on a terminal waits one minute for a hook, even if the hook's `timeout` is longer, and then runs its tool. If the hook answers
# `permissionDecision: "ask"`, Qwen Code asks at its terminal instead. This question waits longer than a minute, and another program can answer
# it: Qwen Code writes the question's id into the file of `--json-file`, and reads the answer from the file of `--input-file`. Qwen Code also
# calls the hooks in the file of QWEN_CODE_SYSTEM_DEFAULTS_PATH.
#
# Qwen Code 0.24.4 (npm), offline with a model of our own. Output seen:
#   a hook that is held, timeout 600: its tool runs after 60 s
#   a hook that answers "ask": its tool has not run after 75 s; when it is allowed: it runs
# Takes about 100 s. Exits 1 when that is no longer so.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund @qwen-code/qwen-code@0.24.4
cat >try.py <<'PY'
import json, os, pty, select, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

root = os.getcwd()
TOUCH = {"command": "touch ran", "description": "as asked", "is_background": False}

def chunk(delta, finish=None):
    body = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return f"data: {json.dumps(body)}\n\n"

class Case:
    """One Qwen Code in a folder of its own; `answer` answers its hook before a tool."""
    def __init__(self, name, answer):
        self.dir, self.answer, self.held = f"{root}/{name}", answer, None
        for folder in ("work", "home/.qwen"):
            os.makedirs(f"{self.dir}/{folder}")
        case = self
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_): pass
            def send(self, kind, text):
                data = text.encode()
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.path == "/hook":
                    case.held = time.monotonic()
                    return self.send("application/json", json.dumps(case.answer()))
                has_result = any(message["role"] == "tool" for message in body["messages"])
                call = {"index": 0, "id": "call_1", "type": "function",
                        "function": {"name": "run_shell_command", "arguments": json.dumps(TOUCH)}}
                parts = [chunk({"role": "assistant", "content": "done"}), chunk({}, "stop")] if has_result else [
                    chunk({"role": "assistant", "tool_calls": [call]}), chunk({}, "tool_calls")]
                self.send("text/event-stream", "".join(parts) + "data: [DONE]\n\n")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self.server.server_port}"
        hook = {"type": "http", "url": url + "/hook", "timeout": 600}
        self.write("defaults.json", {"$version": 4, "hooks": {"PreToolUse": [{"hooks": [hook]}]}})
        self.write("home/.qwen/settings.json", {
            "$version": 4, "security": {"auth": {"selectedType": "openai"}}, "general": {"enableAutoUpdate": False},
            "privacy": {"usageStatisticsEnabled": False}, "memory": {"enableManagedAutoMemory": False},
            "ui": {"enableFollowupSuggestions": False}})
        for file in ("in.jsonl", "out.jsonl"):
            open(f"{self.dir}/{file}", "w").close()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(f"{self.dir}/work")
            env = {"PATH": os.environ["PATH"], "HOME": f"{self.dir}/home", "TERM": "xterm-256color", "LANG": "C.UTF-8",
                   "OPENAI_API_KEY": "none", "OPENAI_BASE_URL": url + "/v1", "OPENAI_MODEL": "m",
                   "QWEN_CODE_SYSTEM_DEFAULTS_PATH": f"{self.dir}/defaults.json"}
            program = f"{root}/node_modules/.bin/qwen"
            os.execve(program, [program, "--approval-mode", "yolo", "--json-file", f"{self.dir}/out.jsonl",
                                "--input-file", f"{self.dir}/in.jsonl", "--prompt-interactive=go"], env)
        threading.Thread(target=self.drain, daemon=True).start()

    def write(self, file, value):
        with open(f"{self.dir}/{file}", "w") as out:
            json.dump(value, out)

    def drain(self):
        try:
            while os.read(self.terminal, 65536): pass
        except OSError:
            pass  # it has ended

    def ran(self):
        return os.path.exists(f"{self.dir}/work/ran")

    def request(self):
        for line in open(f"{self.dir}/out.jsonl"):
            if line.endswith("\n") and json.loads(line).get("type") == "control_request":
                return json.loads(line)["request_id"]

    def end(self):
        for send in (lambda: os.killpg(self.pid, signal.SIGKILL), lambda: os.waitpid(self.pid, 0)):
            try: send()
            except OSError: pass

def until(fits, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fits(): return True
        time.sleep(0.2)
    print(f"not within {seconds} s: {what}")
    return False

over = threading.Event()
held = Case("held", lambda: (over.wait(120), {})[1])
ask = Case("ask", lambda: {"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "ask",
                                                  "permissionDecisionReason": "held"}})
good = False
try:
    if until(lambda: held.held and ask.held and ask.request(), 90, "both hooks, and the question"):
        asked = time.monotonic()
        ran = until(held.ran, 90, "the tool whose hook is held")
        after = time.monotonic() - held.held
        print(f"a hook that is held, timeout 600: its tool {f'runs after {after:.0f} s' if ran else 'does not run'}")
        time.sleep(max(0, asked + 75 - time.monotonic()))
        early = ask.ran()
        with open(f"{ask.dir}/in.jsonl", "a") as commands:
            commands.write(json.dumps({"type": "confirmation_response", "request_id": ask.request(), "allowed": True}) + "\n")
        late = until(ask.ran, 20, "the tool that was allowed")
        print(f"a hook that answers \"ask\": its tool has {'run' if early else 'not run'} after 75 s;"
              f" when it is allowed: it {'runs' if late else 'does not run'}")
        good = ran and 55 < after < 70 and not early and late
finally:
    over.set()
    held.end()
    ask.end()
sys.exit(0 if good else 1)
PY
python3 try.py

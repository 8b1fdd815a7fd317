#!/usr/bin/env bash
# Qwen Code 0.24.4: when an MCP server over stdio has died, the next call of its tool starts it again, and fails. On a terminal the calls after
# that work. Over ACP each of them starts another server in the place of the last one, and fails in the same way: no call reaches a server.
#
# Qwen Code 0.24.4 (npm), offline with a model of our own that calls one tool with each prompt; the server is killed after the first call.
# Expected: a server that is started again is used. Output seen, three times:
#   terminal: result 1: noted; 2: failed; 3: noted; 4: noted; servers started: 2; running: 1; calls that reached one: 3
#   acp: result 1: noted; 2: failed; 3: failed; 4: failed; servers started: 4; running: 1; calls that reached one: 1
# Each failed result begins "MCP tool execution may have completed before the connection failed". Takes a
# minute. Exits 1 when that is no longer so.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund @qwen-code/qwen-code@0.24.4
cat >server.py <<'PY'
import json, os, sys

def note(file, word):
    with open(os.path.join(sys.argv[1], file), "a") as out:
        out.write(f"{word}\n")

tool = {"name": "note", "description": "Keep a note.", "inputSchema": {"type": "object", "properties": {}}}
note("starts", os.getpid())
for line in sys.stdin:
    message = json.loads(line)
    method, id = message.get("method"), message.get("id")
    if id is None:
        continue
    if method == "initialize":
        result = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "notes", "version": "1"}}
    elif method == "tools/list":
        result = {"tools": [tool]}
    elif method == "tools/call":
        note("calls", os.getpid())
        result = {"content": [{"type": "text", "text": "noted"}]}
    else:
        result = {}
    print(json.dumps({"jsonrpc": "2.0", "id": id, "result": result}), flush=True)
PY
cat >try.py <<'PY'
import json, os, pty, signal, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

root = os.getcwd()
program = f"{root}/node_modules/.bin/qwen"

def chunk(delta, finish=None):
    body = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return f"data: {json.dumps(body)}\n\n"

class Case:
    """One Qwen Code in a folder of its own, with a model that calls the tool `note` for each prompt."""
    def __init__(self, name):
        self.dir, self.results = f"{root}/{name}", []
        for folder in ("work", "home/.qwen"):
            os.makedirs(f"{self.dir}/{folder}")
        case = self
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_): pass
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                last = body["messages"][-1]
                parts = [chunk({"role": "assistant", "content": "done"}), chunk({}, "stop")]
                if last["role"] == "tool":
                    case.results.append(json.dumps(last["content"]))
                elif "CALL-IT" in json.dumps(last) and body.get("tools"):
                    call = {"index": 0, "id": f"call_{time.monotonic_ns()}", "type": "function",
                            "function": {"name": "mcp__notes__note", "arguments": "{}"}}
                    parts = [chunk({"role": "assistant", "tool_calls": [call]}), chunk({}, "tool_calls")]
                data = ("".join(parts) + "data: [DONE]\n\n").encode()
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
        self.model = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.model.daemon_threads = True
        threading.Thread(target=self.model.serve_forever, daemon=True).start()
        servers = {"notes": {"command": sys.executable, "args": [f"{root}/server.py", self.dir], "trust": True}}
        self.write("servers.json", {"mcpServers": servers})
        self.write("home/.qwen/settings.json", {
            "$version": 4, "security": {"auth": {"selectedType": "openai"}}, "general": {"enableAutoUpdate": False},
            "privacy": {"usageStatisticsEnabled": False}, "memory": {"enableManagedAutoMemory": False},
            "ui": {"enableFollowupSuggestions": False}})
        self.env = {"PATH": os.environ["PATH"], "HOME": f"{self.dir}/home", "TERM": "xterm-256color", "LANG": "C.UTF-8",
                    "OPENAI_API_KEY": "none", "OPENAI_MODEL": "m",
                    "OPENAI_BASE_URL": f"http://127.0.0.1:{self.model.server_port}/v1"}
        self.args = ["--approval-mode", "yolo", "--mcp-config", f"{self.dir}/servers.json"]

    def write(self, file, value):
        with open(f"{self.dir}/{file}", "w") as out:
            json.dump(value, out)

    def lines(self, file):
        path = f"{self.dir}/{file}"
        return open(path).read().split() if os.path.exists(path) else []

    def tell(self, say):
        words = []
        for turn in range(4):
            say()
            if not until(lambda: len(self.results) > turn, 60, f"result {turn + 1}"):
                return None
            result = self.results[turn]
            failed = "may have completed before the connection failed" in result
            words.append("failed" if failed else "noted" if "noted" in result else result)
            time.sleep(3)
            if turn == 0:
                os.kill(int(self.lines("starts")[-1]), signal.SIGKILL)
                time.sleep(3)
        runs = sum(os.path.exists(f"/proc/{pid}") for pid in self.lines("starts"))
        return words, len(self.lines("starts")), runs, len(self.lines("calls"))

def until(fits, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fits(): return True
        time.sleep(0.2)
    print(f"not within {seconds} s: {what}")
    return False

def terminal():
    case = Case("terminal")
    for file in ("in.jsonl", "out.jsonl"):
        open(f"{case.dir}/{file}", "w").close()
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(f"{case.dir}/work")
        os.execve(program, [program, *case.args, "--json-file", f"{case.dir}/out.jsonl", "--input-file",
                            f"{case.dir}/in.jsonl"], case.env)
    def drain():
        try:
            while os.read(master, 65536): pass
        except OSError:
            pass  # it has ended
    threading.Thread(target=drain, daemon=True).start()
    def say():
        with open(f"{case.dir}/in.jsonl", "a") as commands:
            commands.write(json.dumps({"type": "submit", "text": "CALL-IT"}) + "\n")
    try:
        until(lambda: len(case.lines("starts")) > 0, 60, "the server starts")
        time.sleep(5)
        return case.tell(say)
    finally:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

def acp():
    case = Case("acp")
    child = subprocess.Popen([program, "--acp", *case.args], cwd=f"{case.dir}/work", env=case.env, text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             start_new_session=True)
    answers = {}
    def read():
        for line in child.stdout:
            if line.startswith("{") and "method" not in (message := json.loads(line)):
                answers[message["id"]] = message
    threading.Thread(target=read, daemon=True).start()
    ids = iter(range(1, 100))
    def send(method, params):
        id = next(ids)
        child.stdin.write(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}) + "\n")
        child.stdin.flush()
        return id
    def ask(method, params):
        id = send(method, params)
        until(lambda: id in answers, 60, method)
        return answers[id]["result"]
    try:
        ask("initialize", {"protocolVersion": 1, "clientCapabilities": {}})
        session = ask("session/new", {"cwd": f"{case.dir}/work", "mcpServers": []})["sessionId"]
        prompt = [{"type": "text", "text": "CALL-IT"}]
        return case.tell(lambda: send("session/prompt", {"sessionId": session, "prompt": prompt}))
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

def show(name, told):
    words, starts, runs, calls = told
    results = "; ".join(f"{turn}: {word}" for turn, word in enumerate(words, 1))
    print(f"{name}: result {results}; servers started: {starts}; running: {runs}; calls that reached one: {calls}")
    return words

first, second = show("terminal", terminal()), show("acp", acp())
good = first == ["noted", "failed", "noted", "noted"] and second == ["noted", "failed", "failed", "failed"]
sys.exit(0 if good else 1)
PY
timeout 300 python3 try.py

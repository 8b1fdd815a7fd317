# Serves a GGUF model by llama.cpp inside this process, on a loopback port of its own choice. It ends when its input does.
# usage: llama-server.py MODEL CONTEXT SLOTS BATCH [TEMPLATE_FILE]
import os
import sys

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = int(sys.argv[2])
params.n_parallel = int(sys.argv[3])
params.endpoint_slots = True
params.n_batch = int(sys.argv[4])
params.n_ubatch = min(params.n_batch, 512)
# One thread, because two threads spin to wait for each other at each layer of the model. Beside other programs on two processors, a token then
# takes ten times as long.
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
if len(sys.argv) > 5:
    with open(sys.argv[5]) as template:
        params.chat_template = template.read()
    params.use_jinja = True
server = xllamacpp.Server(params)
print("listening", server.listening_address, flush=True)
sys.stdin.read()
os._exit(0)

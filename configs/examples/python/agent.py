"""An agent of cliai in Python: a small program that speaks the protocol of docs/protocol.md, without an agent CLI.

    pip install -r requirements.txt
    NATS_URL=nats://127.0.0.1:4222 NATS_CREDS=$(cliai agents add ada) AGENT_ID=ada python agent.py

Its work is a stand-in: it counts the words of a task, one step for each word. Put your own work into `work`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import time
import uuid
from datetime import datetime, timezone

import nats

AGENT = os.environ["AGENT_ID"]
URL = os.environ.get("NATS_URL", "nats://127.0.0.1:4222")
CREDS = os.environ.get("NATS_CREDS")  # none only for `cliai serve --insecure`
INTERVAL_S = float(os.environ.get("HEARTBEAT_S", "15"))
STEP_S = float(os.environ.get("STEP_S", "0.2"))
RUN = str(uuid.uuid4())  # the name of this run: instance_id
CONTROL = ("stop", "pause", "resume", "shutdown")


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def certificate() -> ssl.SSLContext | None:
    """With TLS, the file of the credentials ends with the server's own certificate, which is then the one to trust."""
    text = open(CREDS).read() if CREDS else ""
    _, begin, rest = text.partition("-----BEGIN CERTIFICATE-----")
    if not begin:
        return None
    context = ssl.create_default_context(cadata=begin + rest)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def has_passed(time_text: str | None) -> bool:
    return time_text is not None and datetime.fromisoformat(time_text.replace("Z", "+00:00")) <= datetime.now(timezone.utc)


def is_forced(stop: dict) -> bool:
    payload = stop.get("payload")  # may also be a text
    return stop.get("force", payload.get("force", False) if isinstance(payload, dict) else False)


class Agent:
    def __init__(self) -> None:
        self.status, self.task, self.seq = "starting", "", 0
        self.began = time.time()
        self.acted: set[str] = set()  # the orders that were acted on: an order may come twice
        self.step = asyncio.Lock()  # held for one step of the work; a pause holds it until the resume
        self.paused = False
        self.stop: dict | None = None  # the order that ends this run
        self.inbox = asyncio.Event()  # a task or message may wait
        self.ended = asyncio.Event()

    async def connect(self) -> None:
        self.nats = await nats.connect(
            URL,
            name=f"cliai bridge {AGENT} {RUN}",  # so that serve notices at once when the connection is lost
            user_credentials=CREDS,
            inbox_prefix=f"_INBOX.{AGENT}",  # the credentials allow no other
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            reconnected_cb=self.appear,
            error_cb=self.tell,
            tls=certificate(),
        )
        await self.appear()

    async def tell(self, error: Exception) -> None:
        print(f"NATS: {error}", flush=True)

    # What it reports

    async def appear(self) -> None:
        """Sends a heartbeat, and one more soon: serve reconnects at the same time, and may miss the first."""
        await self.beat()
        asyncio.get_running_loop().call_later(1.5, lambda: asyncio.create_task(self.beat()))

    async def beat(self) -> None:
        if self.ended.is_set():
            return
        self.seq += 1
        heartbeat = {
            "agent_id": AGENT, "config_name": "python", "project_path": os.getcwd(),
            "status": self.status, "current_task": self.task, "timestamp": now(),
            "instance_id": RUN, "interval_s": INTERVAL_S, "seq": self.seq,
            "host": socket.gethostname(), "pid": os.getpid(),
        }
        await self.nats.publish(f"agent.{AGENT}.heartbeat", json.dumps(heartbeat).encode())

    async def store(self, topic: str, **fields) -> None:
        """Stores a report. Waits until it is stored, so that the next report does not overtake it."""
        body = {"agent_id": AGENT, **fields, "timestamp": now()}
        while True:
            try:
                answer = await self.nats.request(f"agent.{AGENT}.{topic}", json.dumps(body).encode(), timeout=5)
                if "error" not in json.loads(answer.data):
                    return
            except nats.errors.Error as error:
                print(f"{topic} is not stored yet: {error}", flush=True)
            await asyncio.sleep(1)

    async def say(self, status: str, task: str = "") -> None:
        self.status, self.task = status, task
        await self.beat()
        await self.store("status", status=status, current_task=task, instance_id=RUN)

    async def receipt(self, order: dict, state: str, **fields) -> None:
        names = {"command_id": order["command_id"]}
        if "token" in order:
            names["token"] = order["token"]
        await self.store("receipt", **names, state=state, **fields)

    async def call(self, tool: str, **arguments) -> dict:
        """Calls a tool. Each try has the same request_id, so that a call whose answer was lost does not take effect twice."""
        call = {
            "request_id": str(uuid.uuid4()), "agent_id": AGENT, "instance_id": RUN,
            "tool": tool, "arguments": arguments, "confirms": True,
        }
        while True:
            try:
                answer = await self.nats.request(f"tools.call.{AGENT}", json.dumps(call).encode(), timeout=30)
                return json.loads(answer.data)
            except nats.errors.Error as error:
                print(f"{tool}: {error}", flush=True)
                await asyncio.sleep(1)

    # What it is told

    async def take_orders(self) -> None:
        pull = await self.nats.jetstream().pull_subscribe_bind(f"bridge-{AGENT}", stream="COMMANDS")
        while not self.ended.is_set():
            try:
                for message in await pull.fetch(10, timeout=5):
                    await self.take(message)
            except asyncio.TimeoutError:
                pass  # no order came; a fetch says so by its own nats.errors.TimeoutError, and on a busy machine by this plain one
            except nats.errors.Error as error:
                print(f"orders: {error}", flush=True)
                await asyncio.sleep(0.2)  # serve makes the consumer after the first heartbeat

    async def take(self, message) -> None:
        topic = message.subject.split(".")[2]
        stored = message.metadata
        order = {}
        try:
            order = json.loads(message.data)
            is_expired = has_passed(order.get("expires_at"))
        except (ValueError, TypeError, AttributeError) as error:  # it cannot be read
            if isinstance(order, dict) and "command_id" in order:
                await self.receipt(order, "failed", detail=str(error))
            return await self.acknowledge(message)
        kind = order.get("type") if topic == "command" else topic
        order["command_id"] = order.get("command_id") or order.get("message_id") or f"COMMANDS-{stored.sequence.stream}"
        key = str(order.get("token", order["command_id"]))
        if key in self.acted:
            return await self.acknowledge(message)
        age = time.time() - stored.timestamp.timestamp()
        is_older = age > time.time() - self.began
        is_others = order.get("run", RUN) != RUN
        state, detail = "delivered", None
        if kind not in (*CONTROL, "task", "message"):
            state, detail = "failed", f"no order has the type {kind}"
        elif is_expired:
            state, detail = "expired", f"it expired at {order['expires_at']}"
        elif kind in CONTROL and is_others and age < 3 and not is_older:
            return await message.nak(delay=0.2)  # another run of this agent takes it
        elif kind in CONTROL and (is_others or ("run" not in order and is_older)):
            state, detail = "failed", "the run that it was for has ended"
        await self.receipt(order, state, **({"detail": detail} if detail else {}))
        self.acted.add(key)
        await self.acknowledge(message)
        if state == "delivered":
            await self.obey(kind, order)

    async def acknowledge(self, message) -> None:
        """If no answer comes, the acknowledgement may have arrived. The order would then not come again, so it is obeyed now."""
        try:
            await message.ack_sync()
        except nats.errors.Error as error:
            print(f"acknowledgement: {error}", flush=True)

    async def obey(self, kind: str, order: dict) -> None:
        if kind == "pause":
            if not self.paused:
                await self.step.acquire()  # waits until the step that runs is done
                self.paused = True
                await self.say("paused", self.task)
            await self.receipt(order, "applied")
        elif kind == "resume":
            if self.paused:
                self.paused = False
                self.step.release()
                await self.say("working" if self.task else "idle", self.task)
            await self.receipt(order, "applied")
            self.inbox.set()
        elif kind in ("stop", "shutdown"):
            self.stop = {"kind": kind, **order}
            if self.paused:
                self.paused = False
                self.step.release()
            self.inbox.set()
        else:
            self.inbox.set()  # a task or message: its text is in the inbox

    # What it does

    async def run(self) -> None:
        while self.stop is None:
            await self.inbox.wait()
            self.inbox.clear()
            while self.stop is None and not self.paused:
                answer = await self.call("check_inbox")
                if not answer["success"]:
                    print(f"check_inbox: {answer['error']}", flush=True)
                    break
                items = answer["result"]["items"]
                for item in items:
                    item["command_id"] = item.get("command_id") or item["message_id"]
                    item["token"] = answer.get("tokens", {}).get(item["command_id"])
                    await self.handle({name: value for name, value in item.items() if value is not None})
                if not items:
                    break

    async def handle(self, item: dict) -> None:
        if item["type"] in CONTROL:
            return  # it comes by the consumer, too
        await self.receipt(item, "injected", route="check_inbox", run=RUN)
        async with self.step:  # a pause may have come since the inbox was asked
            await self.receipt(item, "seen", run=RUN)
            if item["type"] == "message":
                print(f"{item['from']}: {item['text']}", flush=True)
                return
            await self.say("working", item["text"])
        outcome, note = await self.work(item["text"])
        await self.store("event", kind="said", detail=note, instance_id=RUN)
        await self.acknowledge_task(item["command_id"], outcome, note)
        await self.say("idle")

    async def acknowledge_task(self, command_id: str, outcome: str, note: str) -> None:
        """Ends a task, which would otherwise stay open for ever. Tries again if serve answers with an error, as a slow serve may."""
        for _ in range(10):
            answer = await self.call("acknowledge", command_id=command_id, outcome=outcome, note=note)
            if answer["success"]:
                return
            print(f"acknowledge: {answer['error']}", flush=True)
            await asyncio.sleep(1)

    async def work(self, text: str) -> tuple[str, str]:
        words = text.split()
        for done, word in enumerate(words, 1):
            if self.stop is not None and is_forced(self.stop):
                return "failed", f"stopped after {done - 1} of {len(words)} words"
            async with self.step:
                await asyncio.sleep(STEP_S)
                await self.store("event", kind="progress", detail=word, percent=100 * done / len(words))
        return "applied", f"{len(words)} words"

    async def main(self) -> None:
        await self.connect()
        await self.say("idle")
        self.inbox.set()  # orders may wait from before this run
        how = asyncio.get_running_loop().create_future()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, lambda: how.done() or how.set_result("a signal"))
        orders = asyncio.create_task(self.take_orders())
        working = asyncio.create_task(self.run())
        while not (how.done() or working.done() or orders.done()):
            await asyncio.wait([how, working, orders], timeout=INTERVAL_S, return_when=asyncio.FIRST_COMPLETED)
            await self.beat()
        if orders.done():
            orders.result()  # raises what has ended it: an agent that takes no orders must not look alive
        self.ended.set()  # no heartbeat comes after the goodbye
        await self.goodbye(how.result() if how.done() else None)
        orders.cancel()
        working.cancel()
        # No drain: nats-py counts the end of a fetch that comes late as never done, for which a drain would wait 30 s.
        # Nothing is pending: the goodbye, which was sent last, has its answer.
        await self.nats.close()

    async def goodbye(self, how: str | None) -> None:
        if self.stop is None:
            return await self.store("status", status="disconnected", message=how, instance_id=RUN)
        await self.receipt(self.stop, "applied")
        words = f"{self.stop['kind']} by {self.stop.get('from', 'unknown')}"
        await self.store("status", status="stopped", message=words, instance_id=RUN)


if __name__ == "__main__":
    asyncio.run(Agent().main())

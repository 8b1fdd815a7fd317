"""An agent of Synadia's own host: it asks which file, answers, and fails if it is told to. Runs until its standard input ends."""

import asyncio
import os
import sys

import nats
from synadia_ai.agent_service import AgentService


async def main() -> None:
    nc = await nats.connect(os.environ["NATS_URL"], user_credentials=os.environ["NATS_CREDS"])
    service = AgentService(
        agent="echo",
        owner="kim",
        session_name="main",
        nc=nc,
        heartbeat_interval_s=1,
        heartbeat_extras=lambda: {"busy": False},
    )

    @service.on_prompt
    async def answer(envelope, stream) -> None:
        if envelope.prompt == "fail it":
            raise RuntimeError("not told")
        asked = await stream.ask("Which file?", timeout=60)
        await stream.send(f"You want {asked.prompt}, ")
        await stream.send(f"and said: {envelope.prompt}")

    await service.start()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await service.stop()
    await nc.close()


asyncio.run(main())

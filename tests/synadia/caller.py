"""Synadia's own client: finds the agent, prompts it, and answers its question. Prints what it has seen as one JSON object."""

import asyncio
import json
import os

import nats
from synadia_ai.agents import Agents, Query, ResponseChunk, StatusChunk


async def main() -> None:
    nc = await nats.connect(os.environ["NATS_URL"], user_credentials=os.environ["NATS_CREDS"])
    agents = Agents(nc=nc)
    seen = {"statuses": [], "queries": [], "text": ""}
    try:
        found = await agents.discover()
        seen["found"] = [f"{agent.agent} {agent.owner} {agent.session_name}" for agent in found]
        async for message in found[0].prompt("ask me"):
            if isinstance(message, Query):
                seen["queries"].append(message.prompt)
                await message.reply("all")
            elif isinstance(message, ResponseChunk):
                seen["text"] += message.text
            elif isinstance(message, StatusChunk):
                seen["statuses"].append(message.status)
        seen["is_reachable"] = await agents.ping(found[0].instance_id)
        for _ in range(400):
            if agents.liveness(found[0].instance_id) is not None:
                break
            await asyncio.sleep(0.1)
        liveness = agents.liveness(found[0].instance_id)
        seen["is_online"] = liveness is not None and liveness.is_online
        try:
            async for _ in found[0].prompt("fail it"):
                pass
        except Exception as error:
            seen["error"] = str(error)
        print(json.dumps(seen))
    finally:
        await agents.close()
        await nc.close()


asyncio.run(main())

// Checks the end of the agent's run: a stop, its receipts, the goodbye, and that nothing comes after it.
import { pause } from "../../waiting.ts";
import { type Finding, finding } from "./finding.ts";
import { lifeOf, type Stage } from "./stage.ts";

/** How long to watch for a heartbeat after the goodbye. */
const silentForMs = 1_500;

export async function checkGoodbye(stage: Stage): Promise<Finding[]> {
  const { hearing, id, fleet } = stage;
  const run = stage.run();
  const stop = await stage.send({ type: "stop" });
  await stage.receipt(stop, "applied");
  const goodbye = await hearing.until(
    () => hearing.statuses.find(({ message, atMs }) => message.status === "stopped" && atMs >= stop.storedMs),
    stage.timeoutMs,
  );
  const receipts = stage.receiptsOf(stop);
  const applied = receipts.find(({ message }) => message.state === "applied");
  const isWhole = receipts[0]?.message.state === "delivered" && applied !== undefined;
  const findings = [
    finding(
      "stop: its receipts",
      isWhole,
      lifeOf(stage, stop),
      "store delivered, finish the present task, store applied",
    ),
    finding(
      "goodbye: the status says stopped",
      goodbye !== undefined,
      goodbye === undefined
        ? "no status stopped came"
        : (goodbye.message.message ?? "stopped, without a message"),
      `store agent.${id}.status with the status stopped, who stopped it and why`,
    ),
  ];
  if (goodbye === undefined) return findings;
  findings.push(
    finding(
      "goodbye: names its run",
      goodbye.message.instance_id !== undefined && goodbye.message.instance_id === run,
      goodbye.message.instance_id ?? "no instance_id",
      "put the instance_id of the heartbeats into the goodbye, so that it ends this run and no other",
    ),
    finding(
      "goodbye: after the receipt",
      applied !== undefined && applied.atMs <= goodbye.atMs,
      applied === undefined
        ? "no receipt applied"
        : applied.atMs <= goodbye.atMs
          ? "applied, stopped"
          : "stopped, applied",
      "store applied first: the sender of the stop waits for receipts only until the goodbye",
    ),
  );
  await pause(silentForMs);
  const isClosed = await hearing.until(async () => {
    const shown = (await fleet.find(id))?.record.connection;
    return shown?.isUp !== true || shown.instance_id !== run;
  }, stage.timeoutMs);
  const late = hearing.heartbeats.filter(({ atMs }) => atMs > goodbye.atMs).length;
  const isUp = isClosed !== true;
  findings.push(
    finding(
      "goodbye: nothing comes after it",
      late === 0 && !isUp,
      late > 0
        ? `${late} heartbeats came after it`
        : isUp
          ? "its connection is still open"
          : "its connection is closed",
      "stop the heartbeats before the goodbye, then drain and close the connection",
    ),
  );
  return findings;
}

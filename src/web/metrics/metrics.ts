// This room makes the metrics of `GET /metrics`, in the text formats of Prometheus.
//
// Gathers the lists of metrics, and picks the format.
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { Server } from "../../server/server.ts";
import { type ExportedSignal, exportMetrics } from "./export-metrics.ts";
import { createFleetMetrics } from "./fleet-metrics.ts";
import { natsMetrics } from "./nats-metrics.ts";
import { type Metric, type MetricFormat, metricFormats, metricText } from "./prometheus-text.ts";
import { queueMetrics } from "./queue-metrics.ts";
import { createSpendingMetrics } from "./spending-metrics.ts";
import { lagMetrics, storeMetrics } from "./store-metrics.ts";
import { workMetrics } from "./work-metrics.ts";

/**
 * Gathers all metrics of a serve. Tells what serve knows also while NATS does not answer.
 * @param wantsEach whether each consumer has a series of its own; default: false
 */
export type GatherMetrics = (wantsEach?: boolean) => Promise<Metric[]>;

/** @param exported what was sent over OTLP; undefined if nothing is */
export function createGatherMetrics(
  server: Server,
  now: () => Date,
  exported?: () => readonly ExportedSignal[],
): GatherMetrics {
  const fleetMetrics = createFleetMetrics(server);
  const spendingMetrics = createSpendingMetrics();
  return async (wantsEach = false) => {
    const health = server.health();
    const [facts, lags] = health.nats.connected
      ? await Promise.all([
          server.system().catch(() => undefined),
          server.consumerLags().catch(() => undefined),
        ])
      : [];
    return [
      ...fleetMetrics(now()),
      ...workMetrics(server.work()),
      ...spendingMetrics(server.spending.sessions()),
      ...natsMetrics(health, facts?.nats),
      ...storeMetrics(facts?.store),
      ...lagMetrics(lags ?? [], wantsEach),
      ...queueMetrics(server.modelQueues()),
      ...exportMetrics(exported?.() ?? []),
    ];
  };
}

/** Returns the function that answers a scrape. */
export function createMetrics(gather: GatherMetrics): (c: Context) => Promise<Response> {
  return async (c) => {
    const format = wantedFormat(c);
    const text = metricText(format, await gather(readWantsEach(c.req.query("consumers"))));
    return c.body(text, 200, { "Content-Type": metricFormats[format], Vary: "Accept" });
  };
}

/** What `consumers` may be in the query: a series for each consumer is many with many agents, so it is asked for. */
export const consumersAsked = "each";

/** @throws CliaiError `usage` */
function readWantsEach(asked = ""): boolean {
  if (asked === "") return false;
  if (asked === consumersAsked) return true;
  throw new CliaiError("usage", `consumers "${asked}" is not known`, {
    hint: `consumers=${consumersAsked} gives a series for each consumer; without it there is their sum and the largest`,
  });
}

/** The format that the client prefers, by its header `Accept`: OpenMetrics only if it names that. */
function wantedFormat(c: Context): MetricFormat {
  const supports = [mediaTypes.prometheus, mediaTypes.openMetrics];
  const chosen = accepts(c, { header: "Accept", supports, default: mediaTypes.prometheus });
  return chosen === mediaTypes.openMetrics ? "openMetrics" : "prometheus";
}

const mediaTypes = {
  prometheus: mediaTypeOf(metricFormats.prometheus),
  openMetrics: mediaTypeOf(metricFormats.openMetrics),
};

function mediaTypeOf(contentType: string): string {
  return contentType.replace(/;.*/, "");
}

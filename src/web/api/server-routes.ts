// The addresses that tell of the server itself: the probes, the figures, the description of the API.
import type { Hono } from "hono";
import type { Server } from "../../server/server.ts";
import { createMetrics, type GatherMetrics } from "../metrics/metrics.ts";
import { buildOpenApi } from "./described/openapi.ts";

export function registerServerRoutes(api: Hono, server: Server, metrics: GatherMetrics): void {
  let description: object | undefined;
  api.get("/healthz", (c) => c.json({ ok: true, instance: server.instance, version: server.version }));
  api.get("/readyz", (c) => {
    const health = server.health();
    return c.json(health, health.ready ? 200 : 503);
  });
  api.get("/metrics", createMetrics(metrics));
  api.get("/openapi.json", (c) => {
    description ??= buildOpenApi(server.version);
    return c.json(description);
  });
}

// Reads the requests from the bucket `requests`.
import * as v from "valibot";
import { type AgentRequest, RequestSchema } from "../../domain/requests.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { isNotFound } from "../../nats/errors.ts";
import { type Bucket, openExistingBucket } from "../../nats/jetstream/bucket.ts";

/** @throws CliaiError `server_unreachable` if no `cliai serve` has ever used this NATS server */
export async function openRequests(bus: Bus): Promise<Bucket> {
  try {
    return await openExistingBucket(bus, buckets.requests);
  } catch (cause) {
    if (!(cause instanceof CliaiError) || !isNotFound(cause.cause)) throw cause;
    const message = `no cliai serve has run on this NATS server: no bucket "${buckets.requests}"`;
    throw new CliaiError("server_unreachable", message, { hint: "start it: cliai serve", cause });
  }
}

/** All stored requests, oldest first, including the decided ones. */
export async function readRequests(bucket: Bucket): Promise<AgentRequest[]> {
  const requests: AgentRequest[] = [];
  for (const { value } of (await bucket.entries()).values()) {
    // Ignore values that are not requests: another program wrote them, and serve logs them.
    const read = v.safeParse(RequestSchema, value);
    if (read.success) requests.push(read.output);
  }
  return requests.sort((a, b) => (a.asked_at < b.asked_at ? -1 : 1));
}

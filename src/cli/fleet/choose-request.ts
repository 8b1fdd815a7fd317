// Finds the request that `cliai answer` means, by its id or by the agent that asks. If there are several, it shows them to choose from.
import { findRequests } from "../../domain/find-request.ts";
import type { AgentRequest } from "../../domain/requests.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { isAgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Bucket } from "../../nats/jetstream/bucket.ts";
import type { CliContext } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { requestLines, waitsAtTerminal } from "../inbox/inbox.ts";
import { createFleetReader, viewOf } from "./fleet-reading.ts";
import { readRequests } from "./request-reading.ts";

/**
 * @param fits whether the answer is of the form that a request needs
 * @throws CliaiError `request_unknown`; `usage` if several requests can be meant
 */
export async function chooseRequest(
  text: string,
  { bus, bucket }: { readonly bus: Bus; readonly bucket: Bucket },
  fits: (request: AgentRequest) => boolean,
  context: CliContext,
): Promise<AgentRequest> {
  let found: readonly AgentRequest[];
  try {
    found = findRequests(text, await readRequests(bucket), fits);
  } catch (error) {
    const isUnknown = error instanceof CliaiError && error.code === "request_unknown";
    throw (isUnknown ? await asksNothing(text, bus, context) : undefined) ?? error;
  }
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) {
    // If `text` is the id of an agent that asks nothing, it may still be the beginning of another agent's request id: nobody means that one.
    const isNamed = [only.request_id, only.agent_id as string].includes(text);
    const silent = isNamed ? undefined : await asksNothing(text, bus, context);
    if (silent !== undefined) throw silent;
    return only;
  }
  showRequests(found, context);
  throw new CliaiError("usage", `"${text}" can mean ${found.length} requests`, {
    hint: `use one of ${found.map(({ request_id }) => request_id).join(", ")}`,
  });
}

/** Prints the requests on stderr, as `cliai inbox` prints them. With `--json` it prints nothing, because then stderr holds the error alone. */
export function showRequests(requests: readonly AgentRequest[], context: CliContext): void {
  if (context.json) return;
  for (const request of requests) {
    for (const line of requestLines(request, context)) context.note(line);
    context.note("");
  }
}

/** If `text` is the id of a known agent: the error that says that it asks nothing, or asks at its own terminal. Otherwise undefined. */
async function asksNothing(text: string, bus: Bus, context: CliContext): Promise<CliaiError | undefined> {
  const agent = isAgentId(text) ? await createFleetReader(bus, context).find(text) : undefined;
  if (agent === undefined) return undefined;
  const view = viewOf(agent);
  if (waitsAtTerminal(view)) {
    const where = `${text} asks at its own terminal: ${plain(view.axes.attention.reason)}`;
    return new CliaiError("request_unknown", where, { hint: "answer it there" });
  }
  return new CliaiError("request_unknown", `${text} asks nothing now`, {
    hint: `give it an order: cliai send task ${text} "…"`,
  });
}

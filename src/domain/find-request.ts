// Finds the request that a person or a captain means: by its id, by the beginning of the id, or by the agent that asks. Pure.
import { type AgentRequest, isOpen } from "./requests.ts";
import { CliaiError } from "./text/errors.ts";
import { didYouMean } from "./text/nearest.ts";

/** A shorter beginning of an id is a slip of the hand more often than it is meant; that of an order must be as long. */
export const leastIdCharacters = 4;

/**
 * Finds a request by its id, or by at least the first four characters of its id if no other id begins with them. An open request wins over decided
 * ones.
 * @throws CliaiError `request_unknown` with the nearest ids, `usage` if several ids begin with `text`
 */
export function findRequest(text: string, requests: Iterable<AgentRequest>): AgentRequest {
  const known = [...requests];
  const exact = known.find(({ request_id }) => request_id === text);
  if (exact !== undefined) return exact;
  const begun = begunWith(text, known);
  const open = begun.filter(isOpen);
  const candidates = open.length > 0 ? open : begun;
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined) {
    throw new CliaiError("usage", `"${text}" matches ${candidates.length} requests`, {
      hint: `use one of ${candidates.map(({ request_id }) => request_id).join(", ")}`,
    });
  }
  if (text !== "" && text.length < leastIdCharacters && startingWith(text, known).length > 0) {
    throw new CliaiError("request_unknown", `no request "${text}"`, {
      hint: `give the whole id, or at least its first ${leastIdCharacters} characters: cliai inbox`,
    });
  }
  const asking = new Set(known.filter(isOpen).map(({ agent_id }) => agent_id));
  throw unknownRequest(text, [...known.map(({ request_id }) => request_id), ...asking]);
}

/**
 * Finds the requests that `text` can mean. If `text` is the id of an agent with open requests, these are the agent's requests for which `fits` is
 * true, and the open requests whose ids begin with `text`. If `fits` is true for none of the agent's, all of them are returned, so that the answer
 * is refused with the form that the request needs. For any other `text`, the request of {@link findRequest}.
 * @returns at least one; several if the person has to choose
 * @throws CliaiError as {@link findRequest}
 */
export function findRequests(
  text: string,
  requests: readonly AgentRequest[],
  fits: (request: AgentRequest) => boolean,
): readonly AgentRequest[] {
  const open = requests.filter(isOpen);
  const asked = open.filter(({ agent_id }) => agent_id === text);
  if (asked.length === 0 || requests.some(({ request_id }) => request_id === text)) {
    return [findRequest(text, requests)];
  }
  const fitting = asked.filter(fits);
  return [...new Set([...(fitting.length > 0 ? fitting : asked), ...begunWith(text, open)])];
}

/** Whether `text` names the request by its agent, and not by its id. True also if the request's id happens to begin with the agent's id. */
export function isNamedByAgent(
  text: string,
  { request_id, agent_id }: Pick<AgentRequest, "request_id" | "agent_id">,
): boolean {
  return text === agent_id && text !== request_id;
}

export function unknownRequest(text: string, known: readonly string[]): CliaiError {
  return new CliaiError("request_unknown", `no request "${text}"`, {
    hint: didYouMean(text, known) ?? "list the requests: cliai inbox",
  });
}

function begunWith(text: string, requests: readonly AgentRequest[]): AgentRequest[] {
  return text.length < leastIdCharacters ? [] : startingWith(text, requests);
}

function startingWith(text: string, requests: readonly AgentRequest[]): AgentRequest[] {
  return requests.filter(({ request_id }) => request_id.startsWith(text));
}

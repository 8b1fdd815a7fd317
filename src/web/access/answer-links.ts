// Makes and checks links by which a recipient of notices answers one request without signing in. A link shows a page; only its form acts.
//
// The code in a link names the recipient, the request and the run that asked, until when it is good, and is signed with a key of the data directory.
// It counts once, because a request is answered once: the first answer is stored by compare-and-set in the request's own record, which outlives
// a restart, and each later one is refused.
import { answerPath } from "../../domain/access/token-scopes.ts";
import type { AgentRequest, RequestKind } from "../../domain/requests.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { buildProof, type Purpose, readProof } from "./signed-codes.ts";

const lastsS = 4 * 3600;

export interface AnswerLinkDesk {
  /** Signs the codes. */
  readonly key: string;
  /** Whether this recipient of notices may still answer requests of this kind, by the settings of now. */
  mayAnswer(recipient: string, kind: RequestKind): Promise<boolean>;
}

/** The path and query. @param recipient its name, which has no space */
export function answerLinkPath(key: string, request: AgentRequest, recipient: string, now: Date): string {
  const code = buildProof(key, purposeOf(request, recipient), lastsS, now);
  return `${answerPath}?${new URLSearchParams({ by: recipient, request: request.request_id, code })}`;
}

/** What a link says of itself. */
export interface SentLink {
  readonly by: string;
  readonly request: string;
  readonly code: string;
}

export interface GoodLink {
  readonly request: AgentRequest;
  /** Who answers by it, as {@link signatureOfLink} has it. */
  readonly signature: string;
  readonly expiresAt: Date;
}

/**
 * Undefined for a code that is not good for this: it was altered, or is about another request or run, or the request is gone.
 * @throws CliaiError `refused` if it is too old, or if the recipient may not answer this any more; `decided_already` if the request has ended
 */
export async function openAnswerLink(
  { by, request: requestId, code }: SentLink,
  desk: AnswerLinkDesk,
  find: (requestId: string) => AgentRequest | undefined,
  now: Date,
): Promise<GoodLink | undefined> {
  const request = find(requestId);
  const proof = request && readProof(desk.key, purposeOf(request, by), code);
  if (request === undefined || proof === undefined) return undefined;
  const signature = signatureOfLink(by);
  if (proof.expiresAt <= now) {
    throw new CliaiError("refused", "this link is too old", {
      hint: `it worked for ${lastsS / 3600} hours. If the request still waits, answer it in the inbox of the dashboard`,
    });
  }
  if (request.state !== "asked") throw ended(request, signature);
  if (!(await desk.mayAnswer(by, request.kind))) {
    throw new CliaiError("refused", "this link may not answer this any more", {
      hint: "notify.json on the server says who may. The request still waits: answer it in the inbox of the dashboard",
    });
  }
  return { request, signature, expiresAt: proof.expiresAt };
}

/** How whoever answers by a link is called in the request, in the audit and to the agent. No agent's id can look like this. */
function signatureOfLink(recipient: string): string {
  return `${recipient} (link)`;
}

/** As JSON, because a run may have any form: no two requests have the same text. */
function purposeOf({ request_id, agent_id, run = "" }: AgentRequest, recipient: string): Purpose {
  return `answer ${JSON.stringify([recipient, request_id, agent_id, run])}`;
}

function ended({ agent_id, answer, state }: AgentRequest, signature: string): CliaiError {
  if (answer?.by === signature)
    return new CliaiError("decided_already", "this link has been used", {
      hint: `${agent_id} has been given the answer. It cannot be changed here`,
    });
  const by = state === "answered" && answer !== undefined ? `: ${answer.by} was first` : "";
  return new CliaiError("decided_already", `${agent_id} does not ask this any more${by}`, {
    hint: "nothing was changed",
  });
}

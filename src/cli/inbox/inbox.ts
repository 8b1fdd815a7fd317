// This room is `cliai inbox`.
//
// Lists all that waits for a person: the requests, each in full, and the agents that are stuck, have failed or have died.

import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { Attention } from "../../domain/fleet/axes.ts";
import { foldNeeds, listNeeds } from "../../domain/fleet/needs/fleet-needs.ts";
import { answerLine, questionLines } from "../../domain/questions.ts";
import { type AgentRequest, expiryText, isApproval, isOpen } from "../../domain/requests.ts";
import { spanText } from "../../domain/text/moment.ts";
import { readPermissionInput } from "../../domain/text/permission-input.ts";
import { ensureServer, startArgs } from "../background/ensure-server.ts";
import { ruleLines } from "../fleet/answer-rule.ts";
import { clientArgs, withClient } from "../fleet/client.ts";
import { createFleetReader, viewsOf } from "../fleet/fleet-reading.ts";
import { openRequests, readRequests } from "../fleet/request-reading.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { paint, plain } from "../frame/terminal.ts";
import { blockedText, needLines } from "./need-lines.ts";
import { permissionLines } from "./permission-lines.ts";

export const inboxCommand = defineCliCommand({
  name: "inbox",
  description:
    "list what waits for a person: questions, plans, permissions, agents that are stuck or have died",
  args: { ...startArgs, ...clientArgs },
  run: async (args, context) => {
    await ensureServer(args, context);
    return await withClient(args, context, async (bus) => {
      const requests = (await readRequests(await openRequests(bus))).filter(isOpen);
      if (context.json) {
        context.print(JSON.stringify(requests));
        return 0;
      }
      const reading = await createFleetReader(bus, context).all();
      const items = inboxItems(requests, viewsOf(reading), { ...context, now: () => reading.now });
      if (items.length === 0) context.note("nothing waits for you");
      for (const [index, lines] of items.entries()) {
        if (index > 0) context.print("");
        for (const line of lines) context.print(line);
      }
      return 0;
    });
  },
});

/** The items of the inbox, oldest first, each as its lines. A request that the fleet does not know yet is one, too. */
export function inboxItems(
  requests: readonly AgentRequest[],
  views: readonly AgentView[],
  look: Pick<CliContext, "color" | "now">,
): string[][] {
  const left = new Map(requests.map((request) => [request.request_id, request]));
  const items = foldNeeds(listNeeds(views)).map((group) => {
    const [{ request_id = "", blocks }] = group.needs;
    const request = left.get(request_id);
    left.delete(request_id);
    if (request === undefined) return { isFirst: false, lines: needLines(group, views, look) };
    const blocked = blockedText(blocks, false);
    const [head = "", ...rest] = requestLines(request, look);
    const view = views.find(({ agent_id }) => agent_id === request.agent_id);
    const lines = [
      head,
      ...rest.slice(0, -1),
      ...(blocked === "" ? [] : [`  ${blocked}`]),
      ...rest.slice(-1),
      ...ruleLines(request, view).map((line) => `    ${paint(line, "dim", look.color)}`),
    ];
    return { isFirst: request.escalated !== undefined, lines };
  });
  const unknown = [...left.values()].map((request) => ({
    isFirst: request.escalated !== undefined,
    lines: requestLines(request, look),
  }));
  // Requests that a captain has escalated come first, because only a person will decide them.
  return [...items, ...unknown]
    .sort((one, other) => Number(other.isFirst) - Number(one.isFirst))
    .map(({ lines }) => lines);
}

/** Whether the agent's CLI asks in a dialog of its own (`permissions: cli` in the profile). Only its terminal takes the answer. */
export function waitsAtTerminal({ axes: { attention } }: AgentView): boolean {
  const asks: readonly Attention[] = ["question", "approval", "terminal"];
  return attention.source !== "request" && asks.includes(attention.value);
}

const kindWords: Readonly<Record<AgentRequest["kind"], string>> = {
  question: "question",
  stop_approval: "wants to stop",
  permission: "wants permission",
  budget: "is over its budget",
};

export function requestLines(request: AgentRequest, context: Pick<CliContext, "color" | "now">): string[] {
  return [...askedLines(request, context), `  ${paint(answerForm(request), "dim", context.color)}`];
}

/** What is asked, in full, without the command that answers it. */
export function askedLines(
  request: AgentRequest,
  { color, now }: Pick<CliContext, "color" | "now">,
): string[] {
  const { request_id, agent_id, question, choices = [], questions, escalated } = request;
  const age = spanText((now().getTime() - Date.parse(request.asked_at)) / 1000);
  const why = escalated && `escalated by ${escalated.by}: ${escalated.reason}`;
  return [
    [paint(request_id, "bold", color), agent_id, kindWordsOf(request), `${age} ago`].join("  "),
    ...(why === undefined ? [] : [`  ${paint(plain(why), "yellow", color)}`]),
    ...(questions === undefined
      ? [...indented(question), ...choices.map((choice, index) => `  ${index + 1}. ${plain(choice)}`)]
      : questionLines(questions).flatMap(indented)),
    ...contextLines(request, color),
    ...expiryLines(request, now()),
  ];
}

/** What belongs to the question; of a permission what the tool is to do, as a person reads it. */
function contextLines({ kind, plan, context }: AgentRequest, color: boolean): string[] {
  if (context === undefined || context === "") return [];
  const input = kind === "permission" && plan !== true ? readPermissionInput(context) : undefined;
  return [
    "",
    ...(input === undefined ? indented(context) : permissionLines(input, color).map((line) => `  ${line}`)),
  ];
}

function kindWordsOf({ kind, plan }: AgentRequest): string {
  return plan === true ? "wants its plan approved" : kindWords[kind];
}

/** The command that answers the request. */
export function answerForm(request: AgentRequest): string {
  const { request_id, questions, choices = [] } = request;
  if (isApproval(request)) return `cliai answer ${request_id} --approve, or --refuse --reason "…"`;
  if (questions !== undefined) return `${answerLine(request_id, questions)}, or in words`;
  return `cliai answer ${request_id} ${choices.length === 0 ? '"…"' : 'NUMBER, or "…"'}`;
}

function expiryLines(request: AgentRequest, now: Date): string[] {
  const { expires_at } = request;
  if (expires_at === undefined) return [];
  const seconds = (Date.parse(expires_at) - now.getTime()) / 1000;
  return [`  ${seconds <= 0 ? "expires now" : `in ${spanText(seconds)}`}: ${expiryText(request)}`];
}

/** An agent's text, line by line. `plain` replaces its control characters, so that the terminal does not obey them. */
function indented(text: string): string[] {
  return text.split("\n").map((line) => `  ${plain(line)}`.trimEnd());
}

// `cliai inbox`: lists the requests that wait for a person, each in full.

import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { Attention } from "../../domain/fleet/axes.ts";
import { answerLine, questionLines } from "../../domain/questions.ts";
import { type AgentRequest, expiryText, isApproval, isOpen } from "../../domain/requests.ts";
import { spanText } from "../../domain/text/moment.ts";
import { readPermissionInput } from "../../domain/text/permission-input.ts";
import { ensureServer, startArgs } from "../background/ensure-server.ts";
import { defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { paint, plain } from "../frame/terminal.ts";
import { clientArgs, withClient } from "./client.ts";
import { createFleetReader, viewsOf } from "./fleet-reading.ts";
import { permissionLines } from "./permission-lines.ts";
import { openRequests, readRequests } from "./request-reading.ts";

export const inboxCommand = defineCliCommand({
  name: "inbox",
  description: "list the requests that wait for a person: questions, plans, permissions, stop approvals",
  args: { ...startArgs, ...clientArgs },
  run: async (args, context) => {
    await ensureServer(args, context);
    return await withClient(args, context, async (bus) => {
      const requests = (await readRequests(await openRequests(bus))).filter(isOpen);
      if (context.json) {
        context.print(JSON.stringify(requests));
        return 0;
      }
      const elsewhere = viewsOf(await createFleetReader(bus, context).all()).filter(waitsAtTerminal);
      if (requests.length === 0 && elsewhere.length === 0) context.note("nothing waits for you");
      // Requests that a captain has escalated come first, because only a person will decide them.
      const escalated = requests.filter((request) => request.escalated !== undefined);
      const others = requests.filter((request) => request.escalated === undefined);
      for (const [index, request] of [...escalated, ...others].entries()) {
        if (index > 0) context.print("");
        for (const line of requestLines(request, context)) context.print(line);
      }
      for (const { agent_id, axes } of elsewhere) {
        const { reason, hint } = axes.attention;
        const what = hint === undefined ? "" : `; ${hint}`;
        context.note(`${agent_id} waits at its own terminal: ${plain(reason)}${what}`);
      }
      return 0;
    });
  },
});

/** Whether the agent's CLI asks in a dialog of its own (`permissions: cli` in the profile). Only its terminal takes the answer. */
export function waitsAtTerminal({ axes: { attention } }: AgentView): boolean {
  const asks: readonly Attention[] = ["question", "approval", "terminal"];
  return attention.source !== "request" && asks.includes(attention.value);
}

const kindWords: Readonly<Record<AgentRequest["kind"], string>> = {
  question: "question",
  stop_approval: "wants to stop",
  permission: "wants permission",
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

// The handlers of the captain's tools. They decide the same requests and give the same commands as a person. `tool-calls.ts` has checked
// that the caller is a captain.

import { holdWords } from "../../domain/holding/hold.ts";
import { buildAnswer, isFormRequest } from "../../domain/request-answer.ts";
import { checkCaptainMayDecide, isApproval } from "../../domain/requests.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { captainBroadcastSubject, captainDecisionSubject } from "../../domain/wire/subjects.ts";
import { storeCommand } from "../send-command.ts";
import { idOfCall } from "./call-id.ts";
import { sendMessages } from "./send-message.ts";
import type { ToolHandlers } from "./tool-context.ts";

export const captainHandlers: Pick<
  ToolHandlers,
  "decide" | "escalate" | "broadcast" | "command_agent" | "spawn_agent"
> = {
  async decide({ request_id, decision, reason }, { id, bus, requests, call, now }) {
    const decision_id = idOfCall(call);
    const isMine = requests.get(request_id)?.answer?.decision_id === decision_id;
    if (!isMine) {
      await requests.decide(request_id, (request) => {
        checkCaptainMayDecide(request, id);
        const words = isApproval(request) ? { approved: isApproved(decision) } : { text: decision };
        // A captain gives a reason with every decision. For a form, only the message `captain.decision` has the reason.
        const why = isFormRequest(request) ? {} : { reason };
        const answer = buildAnswer(request, { ...words, ...why }, id, now());
        return { type: "answer", answer: { ...answer, decision_id } };
      });
    }
    // Publish it for a repeated call too, because the first call may have ended before it did. `decision_id` shows a repetition.
    const said = { decision_id, about: request_id, decision, reason, from: id };
    await bus.publishStored(captainDecisionSubject, said);
    return "decided; the agent is told";
  },

  async escalate({ request_id, reason }, { id, requests, now }) {
    const before = requests.get(request_id)?.escalated;
    if (before?.by === id && before.reason === reason) return "escalated to people";
    await requests.decide(request_id, (request) => {
      checkCaptainMayDecide(request, id);
      return { type: "escalate", by: id, at: now().toISOString(), reason };
    });
    return "escalated to people";
  },

  async broadcast({ text }, context) {
    const { id, bus } = context;
    const sent = await sendMessages({ to: "all", text, kind: "broadcast" }, context);
    await bus.publishStored(captainBroadcastSubject, { text, from: id });
    return sent;
  },

  async command_agent({ id: target, type, payload }, { id, bus, fleet, call, now }) {
    fleet.require(target);
    if (target === id) {
      throw new CliaiError("refused", "a captain cannot command itself", {
        hint: "to stop, call request_stop_approval",
      });
    }
    const holds = fleet.record(target)?.holds ?? [];
    if (type === "resume" && holds.length > 0) {
      throw new CliaiError("refused", `${target} is held: ${holdWords(holds)}`, {
        hint: "only a person lets it go earlier; ask one with ask_human",
      });
    }
    const words = type === "task" ? { text: payload } : { reason: payload };
    const order = { id: target, type, from: id, command_id: idOfCall(call), ...words };
    const { command_id } = await storeCommand(bus, order, now(), fleet.record(target));
    return { command_id, stored: true };
  },

  async spawn_agent({ profile, task, project, node }, { id: captain, fleet, call, launchAgent }) {
    const { agent_id, isConnected } = await launchAgent({
      callId: idOfCall(call),
      captain,
      profile,
      task,
      project,
      node,
      isKnown: (id) => fleet.record(id) !== undefined,
      isOnline: (id) => fleet.get(id)?.axes.link.value === "online",
      // The host connects before its CLI starts, and the CLI may fail to start.
      hasBegun: (id) => {
        const view = fleet.get(id);
        return view?.axes.link.value === "online" && view.status !== "starting";
      },
    });
    if (isConnected) return { agent_id, connected: true };
    const note =
      "it is still starting; list_agents shows when it is connected, and a message will tell you how it ends";
    return { agent_id, connected: false, note };
  },
};

function isApproved(decision: string): boolean {
  const word = decision.trim().toLowerCase();
  if (word === "approve" || word === "approved") return true;
  if (word === "refuse" || word === "refused") return false;
  throw new CliaiError("usage", `the decision "${decision}" is neither approve nor refuse`, {
    hint: 'decide with "approve" or "refuse", and say why in reason',
  });
}

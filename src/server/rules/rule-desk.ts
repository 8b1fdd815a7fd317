// Makes standing rules of approvals, revokes them, lets them answer permissions, and ends those that can cover nothing any more. AUDIT has a
// record of each of these, which is stored before the rule is made, used, revoked or ended.

import { definedOf } from "../../domain/defined.ts";
import type { AgentRequest } from "../../domain/requests.ts";
import { askerFacts } from "../../domain/rules/asker-facts.ts";
import { whyOver } from "../../domain/rules/ended-rule.ts";
import {
  covers,
  isSameRule,
  makeRule,
  type StandingRule,
  scopeText,
  signatureOfRule,
  type UsedRule,
} from "../../domain/rules/standing-rule.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { auditRuleSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Lease } from "../lease.ts";
import type { RequestService } from "../requests/request-store.ts";
import type { RuleDesk } from "../server-desks.ts";
import { openRuleStore } from "./rule-store.ts";

/** More rules than anybody reads. */
const mostRules = 500;

/** How often the leader looks whether rules are over. */
const lookEveryMs = 2_000;

export interface RuleDeskOptions {
  readonly replicas: number;
  readonly lease: Pick<Lease, "isLeader">;
  readonly fleet: Pick<FleetState, "record">;
  readonly now: () => Date;
  readonly log: Logger;
}

export interface OpenRuleDesk {
  /** The request as it is to be stored: answered, if a rule covers it. */
  settle(request: AgentRequest): Promise<AgentRequest>;
  desk(requests: Pick<RequestService, "get" | "open" | "all" | "decide">): RuleDesk;
  stop(): Promise<void>;
}

export async function openRuleDesk(bus: Bus, options: RuleDeskOptions): Promise<OpenRuleDesk> {
  const { fleet, lease, now, log } = options;
  const store = await openRuleStore(bus, options);
  const factsOf = (request: AgentRequest) => askerFacts(request, fleet.record(request.agent_id));
  const findRule = (request: AgentRequest) =>
    store.list().find((rule) => covers(rule, request, factsOf(request)));
  const record = (act: "made" | "used" | "revoked" | "ended", rule: StandingRule, more: RecordFacts) =>
    bus.publishStored(auditRuleSubject, {
      ...{ act, rule_id: rule.rule_id, tool: rule.tool, input: rule.input, scope: scopeText(rule) },
      ...more,
      message: `${act}: ${rule.tool} ${rule.input} for ${scopeText(rule)}${more.reason === undefined ? "" : ` (${more.reason})`}`,
      at: now().toISOString(),
    });
  const end = async (rule: StandingRule, act: "revoked" | "ended", by: string, reason?: string) => {
    // Recorded first: if either fails, the rule stands, whoever revokes it hears of it, and can revoke it again.
    await record(act, rule, { from: by, ...definedOf({ agent_id: rule.agent_id, reason }) });
    await store.end({ ...rule, ended_at: now().toISOString(), ended_by: by, reason: reason ?? act });
  };
  /** The answer that a standing rule gives; undefined if none covers the request. */
  const answerOf = async (request: AgentRequest) => {
    const rule = findRule(request);
    if (rule === undefined || !(await store.stands(rule.rule_id))) return undefined;
    const { agent_id, request_id } = request;
    const by = signatureOfRule(rule);
    await record("used", rule, { from: by, agent_id, request_id });
    return { by, at: now().toISOString(), approved: true };
  };
  const settle = async (request: AgentRequest): Promise<AgentRequest> => {
    try {
      const answer = await answerOf(request);
      if (answer === undefined) return request;
      return { ...request, state: "answered", answer, ended_at: answer.at };
    } catch (error) {
      // A person decides it instead.
      log.warn(`no rule is applied to the request ${request.request_id}: ${messageOf(error)}`);
      return request;
    }
  };
  let looking: Promise<void> | undefined;
  /** Ends the rules that can cover nothing any more. Only the leader does it, and once at a time, so that the end of each is recorded once. */
  const endOver = async () => {
    for (const rule of store.list()) {
      const reason = whyOver(rule, rule.agent_id === undefined ? undefined : fleet.record(rule.agent_id));
      if (reason !== undefined && lease.isLeader()) await end(rule, "ended", "serve", reason);
    }
  };
  const look = () => {
    if (looking !== undefined || !bus.isConnected() || !lease.isLeader()) return;
    looking = endOver()
      .catch((error: unknown) => log.debug(`rules that are over are not ended yet: ${messageOf(error)}`))
      .finally(() => {
        looking = undefined;
      });
  };
  const timer = setInterval(look, lookEveryMs);

  return {
    settle,
    desk: (requests) => ({
      list: () => withUses(store.list(), requests.all()),
      ended: store.ended,
      async make(requestId, shown, by) {
        const request = requests.get(requestId);
        if (request === undefined) throw unknownRule(requestId, "request");
        const made = makeRule(request, factsOf(request), { rule_id: createRuleId(), shown, by, now: now() });
        const known = store.list().find((rule) => isSameRule(rule, made));
        if (known !== undefined) return known;
        if (store.list().length >= mostRules) throw tooMany();
        await record("made", made, {
          from: by,
          request_id: requestId,
          ...definedOf({ agent_id: made.agent_id }),
        });
        await store.add(made);
        await answerOpen(requests, answerOf, log);
        return made;
      },
      async revoke(ruleId, by) {
        const rule = store.list().find(({ rule_id }) => rule_id === ruleId);
        if (rule === undefined) throw unknownRule(ruleId, "rule");
        await end(rule, "revoked", by);
        return rule;
      },
    }),
    async stop() {
      clearInterval(timer);
      await looking;
      await store.stop();
    },
  };
}

interface RecordFacts {
  /** Whose act it is. */
  readonly from: string;
  readonly agent_id?: string;
  readonly request_id?: string;
  /** Why it has ended. */
  readonly reason?: string;
}

/** A new rule also answers what waits already. */
async function answerOpen(
  requests: Pick<RequestService, "open" | "decide">,
  answerOf: (request: AgentRequest) => Promise<AgentRequest["answer"]>,
  log: Logger,
): Promise<void> {
  for (const request of requests.open()) {
    try {
      const answer = await answerOf(request);
      if (answer !== undefined) await requests.decide(request.request_id, { type: "answer", answer });
    } catch (error) {
      // Somebody was faster, or it waits on for a person.
      log.debug(`no rule is applied to the request ${request.request_id}: ${messageOf(error)}`);
    }
  }
}

/** How often each rule was used, of what is kept of the requests, and when last. */
function withUses(rules: readonly StandingRule[], requests: readonly AgentRequest[]): UsedRule[] {
  const uses = Map.groupBy(
    requests.flatMap(({ state, answer }) => (state === "answered" && answer !== undefined ? [answer] : [])),
    ({ by }) => by,
  );
  return rules.map((rule) => {
    const times = (uses.get(signatureOfRule(rule)) ?? []).map(({ at }) => at).sort();
    return { ...rule, used: times.length, ...definedOf({ last_used_at: times.at(-1) }) };
  });
}

function createRuleId(): string {
  return `r-${crypto.randomUUID().slice(0, 8)}`;
}

function unknownRule(id: string, what: "rule" | "request"): CliaiError {
  return new CliaiError("request_unknown", `no ${what} "${id}"`, {
    hint: what === "rule" ? "cliai rules lists them" : "see what waits: cliai inbox",
  });
}

function tooMany(): CliaiError {
  return new CliaiError("refused", `${mostRules} rules stand already`, {
    hint: "revoke some: cliai rules",
  });
}

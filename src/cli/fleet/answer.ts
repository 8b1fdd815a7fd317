// `cliai answer`: decides a request in the bucket `requests`, where the first answer counts, and says whether the answer was
// delivered.

import type { ArgsDef } from "citty";
import { definedOf } from "../../domain/defined.ts";
import { isNamedByAgent } from "../../domain/find-request.ts";
import type { AnswerWords } from "../../domain/request-answer.ts";
import { type AgentRequest, isApproval } from "../../domain/requests.ts";
import { type RuleScope, ruleScopes, type StandingRule } from "../../domain/rules/standing-rule.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseSeconds } from "../../domain/text/moment.ts";
import type { Bus } from "../../nats/bus.ts";
import { ensureServer, startArgs } from "../background/ensure-server.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { type CliContext, patienceOf } from "../frame/context.ts";
import { readText } from "../frame/read-text.ts";
import { answerForm } from "../inbox/inbox.ts";
import { madeText, makeRuleOf, plannedRule } from "./answer-rule.ts";
import { chooseRequest, showRequests } from "./choose-request.ts";
import { clientArgs, withClient } from "./client.ts";
import { answeredBefore, answeredText, deliveryText, giveAnswer, givenFacts } from "./give-answer.ts";
import { openRequests } from "./request-reading.ts";

const answerArgs = {
  request: {
    type: "positional",
    required: true,
    description:
      "id of the request, or its first four characters or more; or the agent that asks, but not with --approve",
  },
  text: {
    type: "positional",
    required: false,
    description:
      "the answer in words, or the numbers of the choices (1,3); one TEXT for each question; - reads stdin",
  },
  approve: { type: "boolean", description: "approve the request" },
  refuse: { type: "boolean", description: "refuse the request" },
  reason: { type: "string", valueHint: "TEXT", description: "tell the agent this reason" },
  rule: {
    type: "enum",
    options: [...ruleScopes] as RuleScope[],
    description:
      "with --approve: approve exactly this from now on, too, in this session, or always for this agent or its profile",
  },
  timeout: {
    type: "string",
    valueHint: "SECONDS",
    default: "10",
    description: "wait this long for the answer to be delivered",
  },
  ...startArgs,
  ...clientArgs,
} as const satisfies ArgsDef;

type AnswerArgs = Arguments<typeof answerArgs>;

export const answerCommand = defineCliCommand({
  name: "answer",
  example: `cliai answer ada "the second one" (cliai inbox lists what the agents ask)`,
  description: "answer a request from the inbox; the first answer counts",
  args: answerArgs,
  takesMore: true,
  async run(args, context, more) {
    checkVerdict(args);
    const timeoutMs =
      parseSeconds(args.timeout, "--timeout", { least: 0, most: 86_400, hint: "cliai answer --help" }) * 1000;
    await ensureServer(args, context);
    const work = async (bus: Bus) => {
      const bucket = await openRequests(bus);
      const isGiven = args.text !== undefined || isVerdict(args);
      const fits = (each: AgentRequest) => !isGiven || isApproval(each) === isVerdict(args);
      const request =
        (await answeredBefore(bucket, args.request, context)) ??
        (await chooseRequest(args.request, { bus, bucket }, fits, context));
      if (args.approve === true) requireItsId(args.request, request, context);
      if (request.questions === undefined) checkOneText(more);
      const shown = args.rule && (await plannedRule(bus, request, args.rule, context));
      const words = await readWords(args, more, request, context);
      const making: Promise<StandingRule>[] = [];
      const given = await giveAnswer({ bus, bucket }, request, { words, timeoutMs }, context, (decided) => {
        if (!context.json) context.print(answeredText(decided), "answered");
        if (shown !== undefined) making.push(makeRuleOf(bus, decided, shown, context));
        for (const each of making) each.catch(() => undefined); // awaited below, when the delivery is known
      });
      if (!context.json) context.print(deliveryText(given));
      let rule: StandingRule | undefined;
      try {
        [rule] = await Promise.all(making);
      } finally {
        // Also without the rule, for the answer is given.
        if (context.json) context.print(JSON.stringify({ ...givenFacts(given), ...definedOf({ rule }) }));
      }
      if (rule !== undefined && !context.json) context.print(madeText(rule));
      return 0;
    };
    return await withClient(args, context, work, patienceOf(timeoutMs, context.attempt));
  },
});

/** @throws CliaiError `usage` if --approve and --refuse are both given, or one of them with a TEXT, or --rule without --approve */
function checkVerdict({ request, text, approve, refuse, rule }: AnswerArgs): void {
  if (rule !== undefined && approve !== true) {
    throw new CliaiError("usage", "--rule needs --approve", {
      hint: `cliai answer ${request} --approve --rule ${rule}`,
    });
  }
  if (approve === true && refuse === true) {
    throw new CliaiError("usage", "--approve and --refuse exclude each other", {
      hint: `cliai answer ${request} --approve, or: cliai answer ${request} --refuse`,
    });
  }
  if (text === undefined || !isVerdict({ approve, refuse })) return;
  const words = `--${approve ? "approve" : "refuse"} takes no TEXT, but "${text}" is given`;
  throw new CliaiError("usage", words, { hint: 'give it as the reason: --reason "…"' });
}

/**
 * To approve, a person must name the request itself: the agent may by now ask for something that the person has not read.
 * @throws CliaiError `usage` if the request is named by its agent; the request is shown then
 */
function requireItsId(named: string, request: AgentRequest, context: CliContext): void {
  if (!isNamedByAgent(named, request)) return;
  showRequests([request], context);
  throw new CliaiError(
    "usage",
    `"${named}" is the agent: to approve, give the id of the request that you have read`,
    {
      hint: `cliai answer ${request.request_id} --approve`,
    },
  );
}

function isVerdict({ approve, refuse }: Pick<AnswerArgs, "approve" | "refuse">): boolean {
  return approve === true || refuse === true;
}

/** @throws CliaiError `usage` if there is no answer; the request is shown then */
async function readWords(
  args: AnswerArgs,
  more: readonly string[],
  request: AgentRequest,
  context: CliContext,
): Promise<AnswerWords> {
  const { text, approve, reason } = args;
  if (isVerdict(args)) return { approved: approve === true, reason };
  if (text === undefined) {
    showRequests([request], context);
    throw new CliaiError("usage", "answer needs the TEXT, --approve or --refuse", {
      hint: answerForm(request),
    });
  }
  if (more.length > 0) return { answers: [text, ...more], reason };
  return { text: text === "-" ? await readText(context.stdin) : text, reason };
}

/** @throws CliaiError `usage` for a second TEXT; only a request with several questions takes more than one */
function checkOneText([superfluous]: readonly string[]): void {
  if (superfluous === undefined) return;
  throw new CliaiError("usage", `answer takes no argument "${superfluous}"`, {
    hint: "if it belongs to TEXT, put quotes around all of TEXT",
  });
}

// Tells the server the budgets of an agent that is about to start: those of `--budget`, else those of its profile.
import { parseLimits } from "../../domain/budgets/parse-budget.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Profile } from "../../profiles/profile.ts";
import { askForBudgets } from "../../server/budgets/budgets-by-operator.ts";
import { type ClientArgs, dataDirFor, withClient } from "../fleet/client.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { readNodeFile } from "../node/node-file.ts";

/**
 * An agent without any is launched as ever: the budgets that it has stay.
 * @param client how to reach the server as its operator
 * @throws CliaiError `refused` if the server does not take them: the agent must not start without its limit
 */
export async function tellBudgets(
  client: ClientArgs,
  { id, profile }: { readonly id: AgentId; readonly profile: Pick<Profile, "budget"> },
  flag: string | undefined,
  context: CliContext,
): Promise<void> {
  const text = flag ?? profile.budget;
  if (text === undefined) return;
  // On a node, the hub was told of them when it signed the credentials.
  if (client.url === undefined && (await readNodeFile(dataDirFor(client, context))) !== undefined) return;
  const launched = { agent_id: id, limits: parseLimits(text) };
  try {
    await withClient(client, context, (bus) => askForBudgets(bus, { launched, by: operatorOf(context) }));
  } catch (error) {
    throw new CliaiError("refused", `the budget "${text}" of ${id} cannot be kept: ${messageOf(error)}`, {
      hint: "launch it where the operator's credentials are, with a server of this version; or without a budget",
      cause: error,
    });
  }
}

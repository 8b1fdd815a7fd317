/** @jsxImportSource hono/jsx */
// This room is the page of the standing rules: what is approved without asking, for whom, how often it was used; and revoking it.

import type { EndedRule } from "../../../domain/rules/ended-rule.ts";
import { scopeText, type UsedRule } from "../../../domain/rules/standing-rule.ts";
import { readPermissionInput } from "../../../domain/text/permission-input.ts";
import { summaryOf } from "../../../domain/text/summary.ts";
import { Icon } from "../parts/icon.tsx";
import { Age } from "../parts/time.tsx";
import { PermissionInputView } from "../requests/permission-input.tsx";
import { PostForm, SubmitButton } from "../viewer/act.tsx";
import { useViewer, whyMayNot } from "../viewer/viewer.tsx";

export interface RulesPageProps {
  readonly rules: readonly UsedRule[];
  /** The newest first. */
  readonly ended: readonly EndedRule[];
  readonly now: Date;
}

export function RulesPage({ rules, ended, now }: RulesPageProps) {
  return (
    <>
      <p class="crumb">
        <a href="/inbox">
          <Icon name="back" /> Inbox
        </a>
      </p>
      <h1>Standing rules</h1>
      <p class="quiet rules-about">
        A rule approves one exact input of one tool, without asking. Make one in the inbox, when you approve a
        permission. The <a href="/timeline?kind=rule">timeline</a> has each rule that was made, used, revoked
        or ended.
      </p>
      <RuleLists rules={rules} ended={ended} now={now} />
    </>
  );
}

/** All that changes while the page is open. */
export function RuleLists({ rules, ended, now }: RulesPageProps) {
  const mayNotRevoke = whyMayNot(useViewer(), "POST", "/rules/revoke");
  return (
    <div id="rules">
      {mayNotRevoke !== undefined && rules.length > 0 && (
        <p class="quiet may-not">To revoke one: {mayNotRevoke}</p>
      )}
      {rules.length === 0 && (
        <section id="no-rules" class="empty" aria-labelledby="title-none">
          <h2 id="title-none">No rule stands</h2>
          <p class="quiet">Each permission is asked for.</p>
        </section>
      )}
      <ol class="requests">
        {rules.map((rule) => (
          <RuleItem rule={rule} now={now} />
        ))}
      </ol>
      <EndedRules rules={ended} now={now} />
    </div>
  );
}

function EndedRules({ rules, now }: { rules: readonly EndedRule[]; now: Date }) {
  if (rules.length === 0) return null;
  return (
    <section id="ended-rules" class="panel" aria-labelledby="title-ended">
      <h2 id="title-ended">Ended</h2>
      <ol class="commands ended-rules">
        {rules.map((rule) => (
          <li id={`ended-${rule.rule_id}`}>
            <p class="facts">
              <b>
                {rule.tool}, for {scopeText(rule)}
              </b>
              <Age at={rule.ended_at} now={now} />
            </p>
            <p class="words">
              <code>{shortInput(rule.input)}</code>
            </p>
            <p class="quiet">
              {rule.reason === "revoked" ? `Revoked by ${rule.ended_by}` : `Ended because ${rule.reason}`} ·
              made by {rule.made_by} <Age at={rule.made_at} now={now} />
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The command, or the beginning of another input. */
function shortInput(input: string): string {
  const shown = readPermissionInput(input);
  if (shown?.kind === "address") return summaryOf(shown.url);
  return summaryOf(shown?.kind === "command" ? shown.command : input);
}

function RuleItem({ rule, now }: { rule: UsedRule; now: Date }) {
  const { rule_id, tool, input, made_by, made_at, request_id, used, last_used_at } = rule;
  const shown = readPermissionInput(input) ?? { kind: "other", others: [] };
  return (
    <li id={rule_id} class="request rule">
      <h2>
        {tool}, for {scopeText(rule)}
      </h2>
      <p class="facts">
        <span>
          made by {made_by} <Age at={made_at} now={now} />
        </span>
        {last_used_at === undefined ? (
          <span>never used</span>
        ) : (
          <span>
            used {used === 1 ? "once" : `${used} times`}, last <Age at={last_used_at} now={now} />
          </span>
        )}
        <code title={`made of the request ${request_id}`}>{rule_id}</code>
      </p>
      <PermissionInputView input={shown} json={input} />
      <PostForm action="/rules/revoke" class="answer-buttons" isSaidElsewhere>
        <input type="hidden" name="rule_id" value={rule_id} />
        <SubmitButton class="stop">
          <Icon name="cross" /> Revoke<span class="unseen"> {rule_id}</span>
        </SubmitButton>
      </PostForm>
    </li>
  );
}

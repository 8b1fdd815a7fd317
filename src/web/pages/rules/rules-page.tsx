/** @jsxImportSource hono/jsx */
// This room is the page of the standing rules: what is approved without asking, for whom, how often it was used; and revoking it.

import { scopeText, type UsedRule } from "../../../domain/rules/standing-rule.ts";
import { readPermissionInput } from "../../../domain/text/permission-input.ts";
import { Icon } from "../parts/icon.tsx";
import { Age } from "../parts/time.tsx";
import { PermissionInputView } from "../requests/permission-input.tsx";
import { PostForm, SubmitButton } from "../viewer/act.tsx";
import { useViewer, whyMayNot } from "../viewer/viewer.tsx";

export interface RulesPageProps {
  readonly rules: readonly UsedRule[];
  readonly now: Date;
}

export function RulesPage({ rules, now }: RulesPageProps) {
  const mayNotRevoke = whyMayNot(useViewer(), "POST", "/rules/revoke");
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
        permission. The <a href="/timeline?kind=rule">timeline</a> has each rule that was made, used or
        revoked.
      </p>
      {mayNotRevoke !== undefined && rules.length > 0 && (
        <p class="quiet may-not">To revoke one: {mayNotRevoke}</p>
      )}
      {rules.length === 0 && (
        <section class="empty" aria-labelledby="title-none">
          <h2 id="title-none">No rule stands</h2>
          <p class="quiet">Each permission is asked for.</p>
        </section>
      )}
      <ol class="requests">
        {rules.map((rule) => (
          <RuleItem rule={rule} now={now} />
        ))}
      </ol>
    </>
  );
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

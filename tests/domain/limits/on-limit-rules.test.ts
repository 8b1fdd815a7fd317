import { expect, test } from "bun:test";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { onLimitOf, onLimitPattern, parseOnLimit } from "../../../src/domain/limits/on-limit-rules.ts";
import { agentAfter, time } from "../fleet/session-events.ts";

function agent(profile_tags: readonly string[]) {
  return viewAgent({ ...agentAfter([]), profile_tags }, new Date(time(1)));
}

test("onLimitOf() is what the first group says that the agent matches, and else what is for all", () => {
  const rules = parseOnLimit("resume; tag:night=hold; tag:api,web -tag:slow=stop");
  const does = (...tags: string[]) => onLimitOf(rules, agent(tags));
  expect(does()).toBe("resume");
  expect(does("night")).toBe("hold");
  expect(does("night", "web")).toBe("hold");
  expect(does("web")).toBe("stop");
  expect(does("web", "slow")).toBe("resume");
  expect(onLimitOf(parseOnLimit("stop"), undefined)).toBe("stop");
});

test("onLimitPattern takes a word alone, and groups behind it", () => {
  const good = ["resume", "hold;tag:night=stop", "stop; project:/a b -tag:x = resume ; tag:y=hold"];
  const bad = ["", "wait", "tag:night=hold", "resume; tag:night", "resume; =hold", "resume; tag:a=wait"];
  expect([...good, ...bad].filter((text) => onLimitPattern.test(text))).toEqual(good);
});

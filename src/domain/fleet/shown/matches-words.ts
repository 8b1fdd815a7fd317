// Finds agents by words that a person types. Pure.
import { type AgentView, unknownText } from "../agent-view.ts";
import { needText } from "../needs/need.ts";
import { attentionWordsOf } from "../status-look.ts";
import { shownCli } from "./shown-cli.ts";

/**
 * Whether each word of `text` occurs in what a list shows of the agent: its id, status, task, profile, project, CLI, or why it needs a
 * person. Case is ignored. An empty text matches every agent.
 */
export function matchesWords(agent: AgentView, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const { agent_id, status, task, config_name, project_path, axes, needs } = agent;
  const shown = [
    ...[agent_id, status, task.text, config_name, project_path],
    ...[shownCli(agent)?.name ?? unknownText, attentionWordsOf(axes), axes.attention.reason],
    ...needs.map(needText),
  ];
  const all = shown.join("\n").toLowerCase();
  return words.every((word) => all.includes(word));
}

// The table of docs/protocol.md that lists the agents' tools, as src/domain/wire/tools/tools.ts has them.
import { toJsonSchema } from "@valibot/to-json-schema";
import type { ToolDefinition } from "../../src/domain/wire/tools/tool-definition.ts";
import { toolNames, tools } from "../../src/domain/wire/tools/tools.ts";

/** A row for each tool: its arguments (optional ones with `?`), who may call it, what a repeated call does, its time-out. */
export function toolsTable(): string {
  return toolNames
    .map((name) => {
      const tool: ToolDefinition = tools[name];
      const time = `${tool.timeoutMs / 1000} s${tool.waits === true ? " + `wait_s`" : ""}`;
      const cells = [`\`${name}\``, argumentsOf(tool), callersOf(tool), repetitionOf(tool), time];
      return `| ${cells.join(" | ")} |`;
    })
    .join("\n");
}

function argumentsOf({ schema }: ToolDefinition): string {
  const { properties = {}, required = [] } = toJsonSchema(schema, { errorMode: "ignore" });
  const names = Object.keys(properties).map((name) => `\`${name}${required.includes(name) ? "" : "?"}\``);
  return names.join(", ");
}

function callersOf({ role, isHosts }: ToolDefinition): string {
  return isHosts === true ? "hosts" : role === undefined ? "all" : `${role}s`;
}

function repetitionOf({ isKnownById, annotations }: ToolDefinition): string {
  if (isKnownById === true) return "counts once";
  return annotations.idempotentHint === true || annotations.readOnlyHint === true
    ? "changes nothing"
    : "counts twice";
}

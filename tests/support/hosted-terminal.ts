// A terminal as an agent's host shows it: a real screen without a program, of which the test writes what it shows and reads what was typed.
import { createTerminalModes } from "../../src/agents/terminal/terminal-modes.ts";
import { createTerminalScreen } from "../../src/agents/terminal/terminal-screen.ts";
import { createTerminalView } from "../../src/agents/terminal/terminal-view.ts";
import { type AgentId, parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { createScreenDesk } from "../../src/host/screen/screen-desk.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";

export interface HostedTerminal extends Disposable {
  readonly id: AgentId;
  /** What was typed from elsewhere. */
  typed(): string;
  /** What the audit is told. */
  readonly told: readonly string[];
  /** The program writes. */
  write(text: string): void;
  /** The window on which the agent was started closes. */
  closeWindow(): void;
}

export interface HostedTerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly hasWindow?: boolean;
  /** Why nobody may type there. */
  readonly whyNotType?: string;
}

/** @param bus an agent's connection */
export async function hostTerminal(
  bus: Bus,
  name: string,
  { columns = 30, rows = 4, hasWindow: hasFirst = true, whyNotType }: HostedTerminalOptions = {},
): Promise<HostedTerminal> {
  const id = parseAgentId(name);
  const screen = createTerminalScreen(columns, rows);
  const modes = createTerminalModes();
  const typed: string[] = [];
  const told: string[] = [];
  let hasWindow = hasFirst;
  const view = createTerminalView({
    ...{ screen, modes, hasWindow: () => hasWindow },
    passKeys: (keys) => typed.push(Buffer.from(keys).toString()),
    resize(wide, high) {
      screen.resize(wide, high);
      view.tell();
    },
  });
  const desk = createScreenDesk({
    ...{ id, instanceId: "run-1", whyNotType, now: () => new Date(), log: silentLogger },
    link: { bus: () => bus, onChange: () => () => undefined },
    onTyped: (words) => told.push(words),
  });
  desk.show(view);
  await bus.flush();
  return {
    ...{ id, told, typed: () => typed.join("") },
    write(text) {
      const data = new TextEncoder().encode(text);
      modes.read(data);
      screen.write(data);
      view.tell();
    },
    closeWindow() {
      hasWindow = false;
      view.tell();
    },
    [Symbol.dispose]: () => desk.stop(),
  };
}

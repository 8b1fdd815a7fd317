// What cliai can do with Codex's sessions. Measured with 0.171.0.
import { type ModeAbilities, no, yes } from "../../domain/abilities.ts";

const both = {
  task: yes("a turn of its app-server"),
  steer: yes("its app-server adds it to the turn that runs"),
  pause: yes("cliai's hook before each tool; the first tool call shows that it works"),
  stop_in_tool: yes("its app-server and all that it has started are ended"),
  seen: yes("it tells the id of the message as that goes to the model"),
  usage: yes("the tokens of each request"),
  cost: no("it does not tell a cost"),
  resume: yes("by its own thread id"),
} as const;

export const codexModes: ModeAbilities = {
  terminal: {
    ...both,
    permission: yes('with "permissions": "inbox"; its terminal asks, too'),
    question: yes('with "permissions": "inbox"; its terminal asks, too'),
    shared: yes("its terminal and cliai are clients of one app-server"),
  },
  headless: {
    ...both,
    permission: yes("the requests of its rules go to the inbox"),
    question: yes("its questions go to the inbox"),
    shared: no("it has no terminal"),
  },
};

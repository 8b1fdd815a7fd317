// What cliai can do with OpenCode's sessions. Measured with 1.18.33.
import { type ModeAbilities, no, partly, yes } from "../../domain/abilities.ts";

const both = {
  task: yes("a message to its server"),
  steer: yes("a message to its server, which joins the turn with the model's next step"),
  pause: yes("cliai's plugin, before each tool"),
  stop_in_tool: yes("its server and all that it has started are ended"),
  seen: yes("the model has begun a step whose request contains the message"),
  usage: yes("the tokens of each step"),
  cost: partly("where it knows the model's prices"),
  resume: yes("by its own session id"),
} as const;

export const opencodeModes: ModeAbilities = {
  terminal: {
    ...both,
    permission: yes('with "permissions": "inbox", and at its terminal: the first answer counts'),
    question: yes('with "permissions": "inbox", and at its terminal: the first answer counts'),
    shared: yes("opencode attach, on the server to which cliai speaks"),
  },
  headless: {
    ...both,
    permission: yes("the requests of its rules go to the inbox"),
    question: yes("its questions go to the inbox"),
    shared: no("it has no terminal"),
  },
};

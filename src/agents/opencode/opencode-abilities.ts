// What cliai can do with OpenCode's sessions. Measured with 1.18.33.
import { type ModeAbilities, no, partly, yes } from "../../domain/abilities.ts";

export const opencodeModes: ModeAbilities = {
  headless: {
    task: yes("a message to its server"),
    steer: yes("a message to its server, which joins the turn with the model's next step"),
    pause: yes("cliai's plugin, before each tool"),
    stop_in_tool: yes("its server and all that it has started are ended"),
    permission: yes("the requests of its rules go to the inbox"),
    question: yes("its questions go to the inbox"),
    seen: yes("the model has begun a step whose request contains the message"),
    usage: yes("the tokens of each step"),
    cost: partly("where it knows the model's prices"),
    resume: yes("by its own session id"),
    shared: no("it has no terminal"),
  },
};

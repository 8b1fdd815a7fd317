// What serve needs for its notices before it runs: the keys of push messages, and of the links that answer requests.
import { messageOf } from "../../domain/text/errors.ts";
import type { Bus } from "../../nats/bus.ts";
import type { NoticesOptions } from "../../notify/open-notices.ts";
import type { AppOptions } from "../../web/app.ts";
import { prepareAnswerLinks } from "./answer-links.ts";
import { tellInFront } from "./notify-desk.ts";
import { type PushDeskOptions, preparePush } from "./push-desk.ts";

export interface PreparedNotify {
  /** For those who are told. */
  readonly plan: Pick<NoticesOptions, "push" | "answerPath">;
  /** For the pages. */
  readonly desksOn: (bus: Bus) => Pick<AppOptions, "push" | "answerLinks" | "noteInFront">;
}

/** A part whose keys cannot be used is left out, with a warning. */
export async function prepareNotify(options: PushDeskOptions): Promise<PreparedNotify> {
  const push = await preparePush(options);
  const links = await prepareAnswerLinks(options);
  return {
    plan: { push: push?.plan, answerPath: links?.answerPath },
    desksOn: (bus) => ({
      push: push?.deskOn(bus),
      answerLinks: links?.desk,
      noteInFront: async (page, isUsed) => {
        const note = (error: unknown) =>
          options.log.debug(`a page in front is not noted: ${messageOf(error)}`);
        if (bus.isConnected()) await tellInFront(bus, page, isUsed).catch(note);
      },
    }),
  };
}

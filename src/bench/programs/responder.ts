// Answers each request on a subject with the request itself.
import { type BenchProgram, say, untilInputEnds } from "./program.ts";
import { connectRaw, type RawConnection } from "./raw-nats.ts";

export interface ResponderOptions extends RawConnection {
  readonly subject: string;
}

export const responder: BenchProgram = async ({ options, stdin, stdout }) => {
  const { subject, ...connection } = options as ResponderOptions;
  const nats = await connectRaw(connection);
  nats.subscribe(subject, {
    callback: (_, message) => {
      message.respond(message.data);
    },
  });
  await nats.flush();
  say(stdout, { ready: true });
  await untilInputEnds(stdin);
  await nats.close();
};

// Takes the whole screen, and then has an error that nobody catches.
import process from "node:process";
import { openFullScreen } from "../../../src/cli/screen/full-screen.ts";

const { stdin, stdout } = process;
const screen = openFullScreen({
  ...{ stdin, stdout, onRedraw: () => undefined, onEnd: () => undefined },
  onInput: () => {
    throw new Error("it crashes");
  },
});
screen.draw(["the screen"]);

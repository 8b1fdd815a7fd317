// What the host needs of a terminal that people may watch from elsewhere. `src/agents/terminal` has it.
import type { OlderPicture, ScreenPicture } from "../../domain/screen/picture.ts";

export interface ViewedTerminal {
  onChange(listener: () => void): () => void;
  read(): Promise<ScreenPicture>;
  /** Rows that have left the screen, from this number on; fewer, if they are not kept. */
  readOlder(from: number, count: number): Promise<OlderPicture>;
  type(keys: string): void;
  hasWindow(): boolean;
  resize(columns: number, rows: number): void;
}

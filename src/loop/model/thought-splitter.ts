// Splits a text that comes in pieces into what the model says and what it thinks between <think> and </think>.

export interface SplitText {
  readonly onText: (text: string) => void;
  readonly onThought: (text: string) => void;
}

export interface ThoughtSplitter {
  push(piece: string): void;
  /** Hands on what was kept back, because it could have become a tag. */
  end(): void;
}

const tags = { open: "<think>", close: "</think>" };

/** Some templates open the thought in the prompt, so the text has only `</think>`. The words before it count as text: they were told already. */
export function createThoughtSplitter({ onText, onThought }: SplitText): ThoughtSplitter {
  let isThinking = false;
  let kept = "";
  const give = (text: string) => {
    if (text !== "") (isThinking ? onThought : onText)(text);
  };
  return {
    push(piece) {
      kept += piece;
      for (;;) {
        const opens = isThinking ? -1 : kept.indexOf(tags.open);
        const closes = kept.indexOf(tags.close);
        const at = opens === -1 ? closes : closes === -1 ? opens : Math.min(opens, closes);
        if (at === -1) break;
        give(kept.slice(0, at));
        const isOpen = at === opens;
        kept = kept.slice(at + (isOpen ? tags.open : tags.close).length);
        isThinking = isOpen;
      }
      const safe = kept.length - tagStartLength(kept);
      give(kept.slice(0, safe));
      kept = kept.slice(safe);
    },
    end() {
      give(kept);
      kept = "";
    },
  };
}

/** How many of the last characters could be the beginning of a tag. */
function tagStartLength(text: string): number {
  for (let length = Math.min(text.length, tags.close.length - 1); length > 0; length -= 1) {
    const end = text.slice(-length);
    if (tags.open.startsWith(end) || tags.close.startsWith(end)) return length;
  }
  return 0;
}

/** @jsxImportSource hono/jsx */
// One of the questions that a dialog of an agent's CLI asks: its choices to be ticked, one or several, and words of one's own.
import type { Question } from "../../../domain/questions.ts";
import { questionFields } from "../../api/answers.ts";

interface QuestionFieldsProps {
  readonly question: Question;
  /** Its place among the request's questions. */
  readonly index: number;
  /** Begins the ids of its fields. */
  readonly field: string;
}

export function QuestionFields({ question, index, field }: QuestionFieldsProps) {
  const { header, choices, several = false } = question;
  const { taken, words } = questionFields(index);
  return (
    <fieldset class="question">
      <legend>
        {header !== undefined && header !== "" && <span class="topic">{header}</span>}
        <span class="question-words">{question.question}</span>
        {several && <span class="quiet">One or more</span>}
      </legend>
      {choices.map(({ label, description, preview }) => (
        <label class="choice">
          <input type={several ? "checkbox" : "radio"} name={taken} value={label} />
          <b>{label}</b>
          {description !== undefined && description !== "" && <span class="quiet">{description}</span>}
          {preview !== undefined && preview !== "" && <pre class="preview">{preview}</pre>}
        </label>
      ))}
      <label class="own-words" for={field}>
        {choices.length === 0 ? "Answer" : several ? "And in words" : "Or in words"}
      </label>
      <textarea id={field} name={words} rows={1} />
    </fieldset>
  );
}

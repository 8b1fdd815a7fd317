/** @jsxImportSource hono/jsx */
// The fields for one question of a dialog of an agent's CLI: choices to tick, one or several, and a field for other words.
import { type Question, takesText } from "../../../domain/questions.ts";
import { questionFields } from "../../api/answers.ts";

interface QuestionFieldsProps {
  readonly question: Question;
  /** The index of the question in the request. */
  readonly index: number;
  /** The first part of the ids of its fields. */
  readonly field: string;
}

export function QuestionFields({ question, index, field }: QuestionFieldsProps) {
  const { header, choices, several = false, takes } = question;
  const { taken, words } = questionFields(index);
  return (
    <fieldset class="question">
      <legend>
        {header !== undefined && header !== "" && <span class="topic">{header}</span>}
        <span class="question-words">{question.question}</span>
        {several && <span class="quiet">One or more</span>}
        {takes !== undefined && takes !== "choice" && (
          <span class="quiet">It takes {takesText({ takes })}</span>
        )}
      </legend>
      {choices.map(({ label, description, preview }) => (
        <label class="choice">
          <input type={several ? "checkbox" : "radio"} name={taken} value={label} />
          <b>{label}</b>
          {description !== undefined && description !== "" && <span class="quiet">{description}</span>}
          {preview !== undefined && preview !== "" && <pre class="preview">{preview}</pre>}
        </label>
      ))}
      {takes !== "choice" && (
        <>
          <label class="own-words" for={field}>
            {choices.length === 0 ? "Answer" : several ? "And in words" : "Or in words"}
          </label>
          <textarea id={field} name={words} rows={1} />
        </>
      )}
    </fieldset>
  );
}

import { type ChangeEvent, useEffect, useState } from "react";
import { useT } from "../../app/i18n";
import { look } from "../../app/safe-text";
import { dropDraft, keepDraft, keptDraft } from "../../app/store";

/**
 * useKeptText holds a text that stays on the device under a name until it is sent, and what is wrong with it: what was found in it, and
 * how many of its characters are too many. Ready for TextArea.
 */
export function useKeptText(board: string, name: string, most: number) {
  const { t } = useT();
  const [text, setText] = useState(() => keptDraft<string>(board, name)?.draft ?? "");
  useEffect(() => {
    if (text) keepDraft(board, name, text);
    else dropDraft(board, name);
  }, [board, name, text]);
  const found = look(text, t);
  const tooMany = [...text.trim()].length - most;
  const error = found.error || (tooMany > 0 ? t("form.tooLong", { n: tooMany }) : "");
  return {
    text,
    setText,
    error,
    /** Also for a form that goes away with it. */
    drop: () => {
      setText("");
      dropDraft(board, name);
    },
    props: { value: text, onChange: (e: ChangeEvent<HTMLTextAreaElement>) => setText(e.target.value), error, thought: found.thought },
  };
}

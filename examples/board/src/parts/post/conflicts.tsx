import { useBoard } from "../../app/client";
import { type MessageKey, t, useT } from "../../app/i18n";
import { day } from "../../app/time";
import { Button } from "../../components/button";
import { Icon } from "../../design/icon";
import { say } from "../../components/toast";
import type { Board, Post, PostChanges } from "@tavle/client";

const named = ["title", "place", "urgency", "author", "lang"];
// Fields that an edit can settle with the text of a value; for others both are shown.
const settled = new Set(named);

/** Fields that two devices changed without knowing of each other: every value in words, and one tap keeps one. */
export function Conflicts({ post }: { post: Post }) {
  const { t, language } = useT();
  const board = useBoard();
  const fields = Object.entries(post.conflicts).filter(([, values]) => values.length > 1);
  if (fields.length === 0) return null;
  const word = (field: string, value: string) => {
    if (field === "urgency") return t(`urgency.${value}` as MessageKey);
    if (field === "lang") return t(`lang.${value}` as MessageKey);
    if (field.startsWith("when") && /^\d{12,}$/.test(value)) return day(language, Number(value));
    return value;
  };
  return (
    <section className="panel panel-warn stack" aria-labelledby="conflict-title">
      <h2 id="conflict-title" className="row">
        <Icon name="copy" /> {t("conflict.title")}
      </h2>
      {fields.map(([field, values]) => (
        <div key={field} className="stack-s">
          <p>{t("conflict.what", { field: t(fieldWord(field)) })}</p>
          <div className="row">
            {values.map((value) =>
              settled.has(field) && post.mine ? (
                <Button key={value} onClick={() => void settle(board, post.id, field, value, values)}>
                  {t("conflict.keep", { value: word(field, value) })}
                </Button>
              ) : (
                <span key={value} className="stamp">
                  {word(field, value)}
                </span>
              ),
            )}
          </div>
        </div>
      ))}
    </section>
  );
}

/**
 * Writes the value that is kept. To keep the one that is shown, another is written first: a change after which the document
 * reads as before is not sent by automerge-repo 2.5, which waits for a difference that one can see.
 */
async function settle(board: Board, post: string, field: string, value: string, values: readonly string[]): Promise<void> {
  const other = values.find((v) => v !== value);
  try {
    if (other !== undefined) await board.editPost(post, { [field]: other } as PostChanges);
    await board.editPost(post, { [field]: value } as PostChanges);
  } catch (err) {
    say(t("form.failed", { reason: String(err) }));
  }
}

function fieldWord(field: string): MessageKey {
  if (named.includes(field)) return `field.${field}` as MessageKey;
  return field.startsWith("when") ? "field.when" : "field.other";
}

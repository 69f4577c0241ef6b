import { useLayoutEffect, useRef, useState } from "react";
import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { unsaved } from "../../app/saved";
import { Button } from "../../components/button";
import { Choice } from "../../components/choice";
import { say } from "../../components/toast";
import type { Post, PostChanges } from "@tavle/client";
import { isSafe, SafeText, type Words } from "./safe-text";

const URGENCY = ["today", "week", "whenever"] as const;
type Urgency = (typeof URGENCY)[number];

/** The words of a post that stands, to change in its place. Only what was changed here is written. Ctrl and Enter saves, Escape leaves it as it was. */
export function Edit({ post, onDone }: { post: Post; onDone: () => void }) {
  const { t } = useT();
  const board = useBoard();
  const [before] = useState(post); // what others write meanwhile is not changed back
  const [words, setWords] = useState<Words>({ title: post.title, body: post.body, place: post.place });
  const [urgency, setUrgency] = useState<Urgency | null>(URGENCY.find((u) => u === post.urgency) ?? null);
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector("input")?.focus(), []);

  const save = async () => {
    setTried(true);
    if (!isSafe(words)) return;
    const changes: PostChanges = {};
    if (words.title.trim() !== before.title) changes.title = words.title.trim();
    if (words.body.trim() !== before.body) changes.body = words.body.trim();
    if ((words.place ?? "").trim() !== (before.place ?? "")) changes.place = words.place?.trim() || null;
    if (urgency && urgency !== before.urgency) changes.urgency = urgency;
    try {
      if (Object.keys(changes).length > 0) {
        await board.editPost(post.id, changes);
        say(unsaved(board, post.id) ? t("state.unsaved") : t("desk.editedSaid", { code: post.code.toUpperCase() }));
      }
      onDone();
    } catch (err) {
      say(t("form.failed", { reason: String(err) }));
    }
  };
  return (
    <form
      ref={form}
      className="desk-edit"
      noValidate
      aria-label={t("desk.editTitle", { code: post.code.toUpperCase() })}
      onSubmit={(e) => {
        e.preventDefault();
        void save();
      }}
      onKeyDown={(e) => {
        if (e.key === "Escape") onDone();
        else if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) void save();
        else return;
        e.preventDefault();
      }}
    >
      <SafeText text={words} onChange={(change) => setWords({ ...words, ...change })} tried={tried} />
      <Choice label={t("field.urgency")} value={urgency} onChange={setUrgency} options={URGENCY.map((value) => ({ value, label: t(`urgency.${value}`) }))} />
      <div className="row">
        <Button type="submit" tone="primary" icon="check">{t("do.save")}</Button> <kbd aria-hidden="true">Ctrl</kbd><kbd aria-hidden="true">↵</kbd>
        <Button tone="quiet" onClick={onDone}>{t("do.cancel")}</Button> <kbd aria-hidden="true">Esc</kbd>
      </div>
    </form>
  );
}

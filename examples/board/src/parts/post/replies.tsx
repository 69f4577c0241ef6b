import { useState } from "react";
import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { choose, useSettings } from "../../app/settings";
import { ago } from "../../app/time";
import { Button } from "../../components/button";
import { TextArea, TextField } from "../../components/field";
import { DeliveryMark } from "../../components/state";
import { say } from "../../components/toast";
import { Moderate } from "./duties";
import { useKeptText } from "./kept-text";
import { Moderated } from "./moderated";
import type { Post, Reply } from "@tavle/client";

/** What people answered, oldest first, and a place to answer. */
export function Replies({ post }: { post: Post }) {
  const { t } = useT();
  return (
    <section className="panel stack" aria-labelledby="replies-title">
      <h2 id="replies-title">{t("post.replies")}</h2>
      {post.replies.length === 0 ? (
        <p className="quiet">{t("post.noReplies")}</p>
      ) : (
        <ul className="stack">
          {post.replies.map((r) => (
            <ReplyItem key={r.id} reply={r} />
          ))}
        </ul>
      )}
      <ReplyForm post={post} />
    </section>
  );
}

function ReplyItem({ reply }: { reply: Reply }) {
  const { t, language } = useT();
  return (
    <li className="said">
      <p className="said-by">
        <strong>{reply.author}</strong> <span className="quiet small">{ago(language, reply.createdAt)}</span>
        {reply.mine && <DeliveryMark delivery={reply.delivery} />}
      </p>
      <Moderated entry={reply} removed={t("post.replyRemoved")} hidden={t("post.replyHidden")}>
        <p className="prose" lang={reply.lang}>
          {reply.body}
        </p>
      </Moderated>
      <Moderate entry={reply} label={reply.author} />
    </li>
  );
}

/** Characters of a reply, as the schema says. */
const REPLY_MAX = 2_000;

function ReplyForm({ post }: { post: Post }) {
  const { t, language } = useT();
  const board = useBoard();
  const { name } = useSettings();
  const [typed, setTyped] = useState("");
  const author = name || typed; // the name may have been given meanwhile, with an offer
  const body = useKeptText(board.id, `${post.id}.reply`, REPLY_MAX);
  const newId = () => board.newDraft("", "").id;
  const [id, setId] = useState(newId); // of one answer: sending it twice makes one
  const [tried, setTried] = useState(false);
  const send = async () => {
    const said = body.text;
    if (!said.trim()) return;
    setTried(true);
    if (!author.trim() || body.error) return;
    choose({ name: author.trim() });
    // It stands above from here on, with how far it has come; saving it may take its time.
    body.setText("");
    setId(newId());
    setTried(false);
    try {
      await board.reply(post.id, { id, body: said.trim(), author: author.trim(), lang: language });
    } catch (err) {
      body.setText(said);
      setId(id);
      say(t("form.failed", { reason: String(err) }));
    }
  };
  return (
    <form
      className="stack no-print"
      onSubmit={(e) => {
        e.preventDefault();
        if (!body.text.trim()) e.currentTarget.querySelector("textarea")?.focus();
        void send();
      }}
    >
      <TextArea label={t("post.writeReply")} rows={2} {...body.props} />
      {!name && body.text !== "" && (
        <TextField
          label={t("form.name")}
          hint={t("form.nameHint")}
          value={typed}
          maxLength={40}
          autoComplete="off"
          onChange={(e) => setTyped(e.target.value)}
          error={tried && !author.trim() ? t("form.needName") : undefined}
        />
      )}
      <div>
        <Button type="submit" icon="reply">
          {t("post.reply")}
        </Button>
      </div>
    </form>
  );
}

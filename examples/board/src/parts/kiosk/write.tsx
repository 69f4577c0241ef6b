import { useRef, useState } from "react";
import { useObservable } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { Button } from "../../components/button";
import { Choice } from "../../components/choice";
import { TextArea, TextField } from "../../components/field";
import { KindSeal } from "../../components/kind";
import { endsTooEarly, When } from "../../components/when";
import { Icon } from "../../design/icon";
import { type Board, bodyMax, type Draft, findPersonalData, titleMax } from "@tavle/client";
import type { Sent } from "./done";
import { thoughts } from "./hints";
import { empty, forgetful, type Work } from "./work";

/** What one can start at a kiosk: agreements between groups are made elsewhere. */
const kinds = ["request", "offer", "item", "companion", "event", "question", "idea", "lostFound", "notice"] as const;
const NAME_MAX = 40;
const REPLY_MAX = 1000;

/** Tap two of at most six: what is it about? */
export function ChooseKind({ onChoose }: { onChoose: (kind: string) => void }) {
  const { t } = useT();
  return (
    <>
      <h1>{t("kiosk.what")}</h1>
      <ul className="kiosk-choose">
        {kinds.map((kind) => (
          <li key={kind}>
            <button type="button" data-kind={kind} onClick={() => onChoose(kind)}>
              <KindSeal kind={kind} size="2em" />
              <span>
                <strong>{t(`kind.${kind}`)}</strong>
                <span className="quiet">{t(`kindHint.${kind}`)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

interface WriteProps {
  board: Board;
  work: Work;
  onChange: (work: Work) => void;
  /** False when there is no room to put it aside. */
  onPark: () => boolean;
  /** It is sent now. */
  onSend: () => void;
  onSent: (sent: Sent) => void;
}

/** A post or an answer, on one page. Nothing of it is kept but in the state above. */
export function Write({ board, work, onChange, onPark, onSend, onSent }: WriteProps) {
  const { t, language } = useT();
  const [tried, setTried] = useState(false);
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState("");
  const form = useRef<HTMLDivElement>(null);
  const post = work.what === "post" ? work.draft : null;
  const { body, author } = work.what === "post" ? work.draft : work;
  const set = (change: Partial<Draft>) => {
    if (work.what === "post") onChange({ ...work, draft: { ...work.draft, ...change } });
    else onChange({ ...work, body: change.body ?? work.body, author: change.author ?? work.author });
  };
  const missing = {
    title: post !== null && post.title.trim() === "",
    body: work.what === "reply" && body.trim() === "",
    author: author.trim() === "",
  };
  const text = `${post?.title ?? ""}\n${body}\n${author}`;
  const numbers = findPersonalData(text).filter((f) => f.kind === "cpr" || f.kind === "bsn");

  const send = async () => {
    setTried(true);
    const wrong = Boolean(missing.title || missing.body || missing.author || (post && endsTooEarly(post)));
    if (wrong) requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
    if (wrong || numbers.length > 0 || sending) return;
    setSending(true);
    onSend();
    try {
      if (work.what === "post") {
        await board.addPost({ ...work.draft, title: work.draft.title.trim(), body: body.trim(), author: author.trim() });
        onSent({ what: "post", id: work.draft.id, entry: work.draft.id });
      } else if (work.what === "reply") {
        await board.reply(work.post, { id: work.id, body: body.trim(), author: author.trim(), lang: language });
        onSent({ what: "reply", id: work.post, entry: work.id });
      } else {
        await board.offerHelp(work.post, { id: work.id, message: body.trim(), author: author.trim() });
        onSent({ what: "help", id: work.post, entry: work.id });
      }
    } catch (err) {
      setFailure(String(err));
      setSending(false);
    }
  };

  return (
    <div className="kiosk-write" ref={form}>
      <div className="kiosk-write-head">
        {post ? <KindSeal kind={post.kind} size="2em" /> : <span className="seal kiosk-answer-seal"><Icon name={work.what === "help" ? "offer" : "reply"} size="2em" /></span>}
        <div>
          <h1>{t(post ? (`kind.${post.kind}` as MessageKey) : work.what === "help" ? "kiosk.helpTitle" : "kiosk.replyTitle")}</h1>
          {work.what !== "post" && <p className="quiet">{work.title}</p>}
        </div>
      </div>
      {post?.kind === "item" && (
        <Choice label={t("kiosk.item")} value={post.item?.action ?? "give"} onChange={(action) => set({ item: { action } })}
          options={(["give", "lend", "swap", "seek"] as const).map((value) => ({ value, label: t(`item.${value}`) }))} />
      )}
      {post?.kind === "lostFound" && (
        <Choice label={t("form.lost")} value={post.lost ?? "lost"} onChange={(lost) => set({ lost })}
          options={(["lost", "found"] as const).map((value) => ({ value, label: t(`lost.${value}`) }))} />
      )}
      {post && (
        <TextField {...forgetful} autoFocus label={t("form.title")} hint={t(post.kind === "request" ? "form.titleHint.request" : "form.titleHint")} maxLength={titleMax}
          value={post.title} onChange={(e) => set({ title: e.target.value })} error={tried && missing.title ? t("form.needTitle") : undefined} />
      )}
      <TextArea {...forgetful} autoFocus={!post} rows={4} label={t(post ? "form.body" : work.what === "help" ? "post.helpMessage" : "kiosk.replyWords")} hint={t("kiosk.bodyHint")}
        maxLength={post ? bodyMax : REPLY_MAX} value={body} onChange={(e) => set({ body: e.target.value })} error={tried && missing.body ? t("kiosk.needBody") : undefined} />
      {post?.kind === "event" && <When {...forgetful} draft={post} onChange={(when) => set({ when })} />}
      <TextField {...forgetful} label={t("kiosk.name")} hint={t("kiosk.nameHint")} maxLength={NAME_MAX} value={author} onChange={(e) => set({ author: e.target.value })}
        error={tried && missing.author ? t("form.needName") : undefined} />
      <Hints board={board} text={text} />
      {failure && <p className="field-error" role="alert"><Icon name="warning" /> <span>{t("kiosk.notSaved", { reason: failure })}</span></p>}
      <div className="kiosk-write-acts">
        <Button tone="primary" large icon="sent" aria-disabled={sending} onClick={() => void send()}>{t(post ? "do.post" : "do.send")}</Button>
        {!empty(work) && <Button large icon="clock" onClick={() => !onPark() && setFailure(t("kiosk.noRoom"))}>{t("kiosk.park")}</Button>}
      </div>
    </div>
  );
}

/** What deserves a second thought. Only an identity number is refused. */
function Hints({ board, text }: { board: Board; text: string }) {
  const { t } = useT();
  const info = useObservable(board.info);
  const found = thoughts(text);
  const data = [...new Set(findPersonalData(text).map((f) => f.kind))].filter((k) => k !== "health" && k !== "suspicion");
  return (
    <div className="kiosk-hints" aria-live="polite">
      {data.map((kind) => (
        <p key={kind} className={kind === "cpr" || kind === "bsn" ? "field-error" : "field-thought"}>
          <Icon name="warning" /> <span>{t((["phone", "cpr", "bsn", "email", "address"].includes(kind) ? `form.personal.${kind}` : "form.personal.other") as MessageKey)}</span>
        </p>
      ))}
      {found.health && <p className="field-thought"><Icon name="info" /> <span>{t("kiosk.health", { words: found.health.join(", ") })}</span></p>}
      {found.suspicion && (
        <div className="field-thought">
          <Icon name="info" />
          <div>
            <p>{t("kiosk.suspicion")}</p>
            <ul>{info.contacts.map((c) => <li key={c.id}><strong>{c.name}</strong> {c.phone} {c.hours}</li>)}</ul>
          </div>
        </div>
      )}
    </div>
  );
}

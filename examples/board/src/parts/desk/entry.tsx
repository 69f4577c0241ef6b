import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useBoard, useObservable } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { day, fromLocal, toLocal } from "../../app/time";
import { Button } from "../../components/button";
import { TextField } from "../../components/field";
import { DeliveryMark } from "../../components/state";
import { endsTooEarly, isDated, When } from "../../components/when";
import { Icon } from "../../design/icon";
import type { Draft, Proxy } from "@tavle/client";
import { usePrinter } from "../print/paper";
import { NeighbourSlip } from "../print/slip";
import { focusOn, Keys, next } from "./keys";
import { type Choices, lastChoices, rememberChoices } from "./memory";
import { isSafe, SafeText } from "./safe-text";

const KINDS = ["request", "offer", "companion", "item", "question", "event"] as const;
const TOPICS = ["shopping", "lift", "repair", "digital", "company", "garden", "pet", "other"] as const;
const ASKS = ["self", "family", "neighbour", "volunteer", "professional", "legalRepresentative"] as const;
const PERMISSIONS = ["spoken", "phone", "written"] as const;
const GIVEN = ["today", "yesterday", "earlier"] as const;
const UNTIL = ["30", "14", "7", "90"] as const;
const CALL_BACK = ["phone", "visit", "letter", "none"] as const;
const URGENCY = ["today", "week", "whenever"] as const;
const DAY = 86_400_000;

/** A new request for a neighbour: choices by number first, then two fields. What was chosen last is chosen again. One that was left half written is there when it is `shown` again. */
export function Entry({ shown }: { shown: boolean }) {
  const board = useBoard();
  const { t, language } = useT();
  const [choices, setChoices] = useState<Choices>(lastChoices);
  const [draft, setDraft] = useState<Draft>(() => board.newDraft("request", language));
  const [earlier, setEarlier] = useState("");
  const [tried, setTried] = useState(false);
  const [failure, setFailure] = useState("");
  const [saved, setSaved] = useState("");
  const first = useRef<HTMLFieldSetElement>(null);
  const date = useRef<HTMLDivElement>(null);
  const saving = useRef(false);

  const choose = (change: Partial<Choices>) => {
    setChoices({ ...choices, ...change });
    if (change.topic && (draft.title === "" || isTemplate(draft.title, t))) {
      setDraft({ ...draft, title: change.topic === "other" ? "" : t(`desk.title.${change.topic}` as MessageKey) });
    }
  };
  const posts = useObservable(board.posts); // also those that arrive while somebody writes
  const similar = useMemo(
    () => (draft.title.trim() ? board.similar({ id: draft.id, kind: choices.kind, title: draft.title, body: draft.body }).slice(0, 2) : []),
    [board, posts, draft, choices.kind],
  );

  const today = toLocal(Date.now()).slice(0, 10);
  const timed = { kind: choices.kind, when: isDated(choices.kind) ? draft.when : undefined };
  const wrongDate = choices.given === "earlier" && !(earlier && earlier <= today);

  const save = async () => {
    setTried(true);
    setFailure("");
    if (wrongDate) focusOn(date.current);
    if (!isSafe(draft) || wrongDate || endsTooEarly(timed) || saving.current) return;
    saving.current = true;
    const now = Date.now();
    const permittedAt = choices.given === "yesterday" ? now - DAY : choices.given === "earlier" ? Math.min(fromLocal(`${earlier}T12:00`) ?? now, now) : now;
    const permittedUntil = permittedAt + Number(choices.until) * DAY;
    if (permittedUntil <= now) {
      saving.current = false;
      setFailure(t("desk.permissionOver"));
      return;
    }
    try {
      await board.addPost({
        ...draft,
        ...timed,
        lang: language,
        title: draft.title.trim(),
        body: draft.body.trim(),
        place: draft.place?.trim() || undefined,
        author: t("desk.author"),
        urgency: choices.urgency,
        item: choices.kind === "item" ? { action: "seek" } : undefined,
        expiresOn: permittedUntil,
        origin: "desk",
        proxy: { kind: choices.asks, permission: choices.permission, permittedAt, permittedUntil, callBackBy: choices.callBack } as Proxy,
      });
      rememberChoices(choices);
      setSaved(draft.id);
    } catch (err) {
      setFailure(t("form.failed", { reason: String(err) }));
    }
    saving.current = false;
  };
  const again = () => {
    setChoices(lastChoices());
    setDraft(board.newDraft("request", language));
    setEarlier("");
    setTried(false);
    setSaved("");
  };
  useLayoutEffect(() => {
    if (shown && !saved) focusOn(first.current);
    else if (saved && !shown) again();
  }, [shown, saved]);

  if (saved) return <Saved id={saved} onNext={again} />;
  const group = (label: MessageKey, key: keyof Choices, values: readonly string[], word: (v: string) => MessageKey, ref?: typeof first) => (
    <Keys first={ref} label={t(label)} value={choices[key]} onChange={(v) => choose({ [key]: v })} onNext={next} options={values.map((value) => ({ value, label: t(word(value)) }))} />
  );
  return (
    <div
      className="entry"
      onKeyDown={(e) => {
        if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
          e.preventDefault();
          void save();
        }
      }}
    >
      <div className="entry-choices">
        <h1>{t("desk.entry")}</h1>
        {group("desk.kind", "kind", KINDS, (v) => `kind.${v}` as MessageKey, first)}
        {(choices.kind === "request" || choices.kind === "offer") && group("desk.topic", "topic", TOPICS, (v) => `desk.topic.${v}` as MessageKey)}
        {group("desk.asks", "asks", ASKS, (v) => `desk.asks.${v}` as MessageKey)}
        {group("desk.permission", "permission", PERMISSIONS, (v) => `desk.permission.${v}` as MessageKey)}
        {group("desk.given", "given", GIVEN, (v) => `desk.given.${v}` as MessageKey)}
        {choices.given === "earlier" && (
          <div className="entry-date" data-question ref={date}>
            <TextField type="date" label={t("desk.givenOn")} value={earlier} max={today} onChange={(e) => setEarlier(e.target.value)} error={tried && wrongDate ? t("desk.needDate") : undefined} />
          </div>
        )}
        <Keys label={t("desk.until")} value={choices.until} onChange={(until) => choose({ until })} onNext={next} options={UNTIL.map((value) => ({ value, label: t("desk.days", { n: Number(value) }) }))} />
        {group("desk.callBack", "callBack", CALL_BACK, (v) => `desk.callBack.${v}` as MessageKey)}
        {group("field.urgency", "urgency", URGENCY, (v) => `urgency.${v}` as MessageKey)}
      </div>
      <div className="entry-text">
        <p className="entry-rule"><Icon name="info" /> <span>{t("desk.rule")}</span></p>
        <SafeText text={draft} onChange={(change) => setDraft({ ...draft, ...change })} tried={tried}>
          {similar.length > 0 && (
            <div className="field-thought">
              <Icon name="copy" />
              <div>
                <p>{t("desk.similar")}</p>
                <ul>{similar.map((p) => <li key={p.id}><strong className="code">{p.code}</strong> <span lang={p.lang}>{p.title}</span></li>)}</ul>
              </div>
            </div>
          )}
        </SafeText>
        {isDated(choices.kind) && <When draft={timed} onChange={(when) => setDraft({ ...draft, when })} />}
        {failure && <p className="field-error" role="alert"><Icon name="warning" /> <span>{failure}</span></p>}
        <div className="row">
          <Button tone="primary" large icon="sent" onClick={() => void save()}>{t("desk.save")}</Button>
          <kbd>Ctrl</kbd><kbd>↵</kbd>
        </div>
      </div>
    </div>
  );
}

function isTemplate(title: string, t: (key: MessageKey) => string): boolean {
  return TOPICS.some((topic) => topic !== "other" && t(`desk.title.${topic}`) === title);
}

/** The code, large; the slip; and on to the next. */
function Saved({ id, onNext }: { id: string; onNext: () => void }) {
  const { t, language } = useT();
  const board = useBoard();
  const info = useObservable(board.info);
  const post = useObservable(board.posts).find((p) => p.id === id);
  const { print, roll } = usePrinter();
  const button = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => button.current?.querySelector("button")?.focus(), []);
  if (!post) {
    return (
      <div className="saved" ref={button}>
        <p>{t("desk.notHere")}</p>
        <Button tone="primary" large icon="add" onClick={onNext}>{t("desk.next")}</Button>
      </div>
    );
  }
  const paper = () => print(<NeighbourSlip post={post} info={info} />);
  return (
    <div
      className="saved"
      onKeyDown={(e) => {
        if (e.ctrlKey || e.altKey || e.metaKey) return;
        if (e.key.toLowerCase() === "p") {
          e.preventDefault();
          paper();
        }
      }}
    >
      <h1>{t(post.delivery === "unsaved" ? "desk.unsaved" : "desk.saved")}</h1>
      <p className="saved-code">{post.code}</p>
      <p className="saved-title" lang={post.lang}>{post.title}</p>
      <p><DeliveryMark delivery={post.delivery} /></p>
      {post.proxy?.permittedUntil && <p>{t("desk.permittedUntil", { day: day(language, post.proxy.permittedUntil) })}</p>}
      <div className="row" ref={button}>
        <Button tone="primary" large icon="add" onClick={onNext}>{t("desk.next")}</Button> <kbd>↵</kbd>
        <Button large icon="print" onClick={paper}>{t("desk.printSlip")}</Button> <kbd>P</kbd>
      </div>
      {roll}
    </div>
  );
}

import { useEffect, useMemo, useRef, useState } from "react";
import { useBoard, useObservable } from "../../app/client";
import { categoryName } from "../../app/categories";
import { type MessageKey, useT } from "../../app/i18n";
import { format, go } from "../../app/route";
import { look } from "../../app/safe-text";
import { unsaved, whenSaved } from "../../app/saved";
import { choose, LANGUAGES, settings } from "../../app/settings";
import { dropDraft, keepDraft, keptDraft } from "../../app/store";
import { Button, ButtonLink } from "../../components/button";
import { TextArea, TextField } from "../../components/field";
import { KindSeal, useKindWord } from "../../components/kind";
import { say } from "../../components/toast";
import { endsTooEarly } from "../../components/when";
import { Icon } from "../../design/icon";
import { type Kind, KINDS } from "../../design/kinds";
import type { Board, Draft, Post, PostChanges } from "@tavle/client";
import { Further } from "../post/further";
import { mayEdit } from "../post/rights";
import { Details } from "./details";
import { Sensitive } from "./sensitive";
import "./style.css";

/** Characters of a title and of a body, as the schema says. */
export const TITLE_MAX = 80;
export const BODY_MAX = 4_000;

/** A new post: its kind, then its words. The draft is kept on the device from the first letter; its id is fixed with it. */
export function NewPost() {
  const { t, language } = useT();
  const board = useBoard();
  const [draft, setDraft] = useState<Draft | null>(() => keptDraft<Draft>(board.id, "")?.draft ?? null);
  const [choosing, setChoosing] = useState(draft === null);

  const pick = (kind: Kind) => {
    setDraft(draft ? { ...draft, kind } : { ...board.newDraft(kind, language), author: settings().name });
    setChoosing(false);
  };
  if (!draft || choosing) return <KindQuestion onPick={pick} />;
  return (
    <PostForm
      heading={t("form.new")}
      submit={t("do.post")}
      said={t("form.posted")}
      draft={draft}
      setDraft={setDraft}
      stored=""
      onKind={() => setChoosing(true)}
      onSend={async () => {
        const own = ownDraft(board, draft);
        setDraft(own);
        await board.addPost(own);
        if (own.kind === "arrangement") await board.propose(own.id, proposal(own));
        return own.id;
      }}
      onDiscard={() => {
        say(t("form.discarded"), () => {
          keepDraft(board.id, "", draft);
          go({ view: "new" });
        });
        go({ view: "board" }, "replace");
      }}
    />
  );
}

/** Change a post of one's own: only what was changed is written, so that another device's change of another field stays. */
export function EditPost({ id }: { id: string }) {
  const { t } = useT();
  const board = useBoard();
  const post = useObservable(board.posts).find((p) => p.id === id);
  if (!post) return <Further>{t("post.notFound")}</Further>;
  if (!mayEdit(post) || post.removed) return <p>{t("post.notFound")}</p>;
  return <EditForm post={post} />;
}

/** What the form began with is kept with the draft: compared with the post as it is now, whatever others wrote meanwhile would look changed here. */
function EditForm({ post }: { post: Post }) {
  const { t } = useT();
  const board = useBoard();
  const [{ before, kept }] = useState(() => {
    const stored = keptDraft<Draft>(board.id, post.id);
    return { before: stored?.before ?? asDraft(post), kept: stored?.draft };
  });
  const [draft, setDraft] = useState<Draft>(kept ? { ...kept, categories: kept.categories ?? before.categories } : before);
  return (
    <PostForm
      heading={t("form.edit")}
      submit={t("do.save")}
      said={t("form.saved")}
      draft={draft}
      setDraft={setDraft}
      stored={post.id}
      before={before}
      named={!post.mine}
      onSend={async () => {
        const changes = difference(before, draft);
        if (Object.keys(changes).length > 0) await board.editPost(post.id, changes);
        return post.id;
      }}
      onDiscard={() => go({ view: "post", post: post.id }, "replace")}
    />
  );
}

/** Two windows may have gone on with one draft. What was posted under its id in other words is another post: this one gets an id of its own. */
function ownDraft(board: Board, draft: Draft): Draft {
  const posted = board.post(draft.id).get();
  if (!posted || (posted.kind === draft.kind && Object.keys(difference(asDraft(posted), { ...draft, title: draft.title.trim() })).length === 0)) return draft;
  const { id, month } = board.newDraft(draft.kind, draft.lang);
  return { ...draft, id, month };
}

/** The first terms of an agreement are what its post says. Their id is the draft's, so that sending twice proposes once. */
function proposal({ id, author, title, place, when }: Draft) {
  return { id, party: author, task: title, ...(place && { place }), ...(when?.start && { start: when.start }), ...(when?.repeat && { repeat: when.repeat }) };
}

function KindQuestion({ onPick }: { onPick: (kind: Kind) => void }) {
  const { t } = useT();
  return (
    <div className="form-page stack">
      <h1>{t("form.kind")}</h1>
      <ul className="kind-grid">
        {KINDS.map((k) => (
          <li key={k}>
            <button type="button" className="kind-tile" data-kind={k} onClick={() => onPick(k)}>
              <KindSeal kind={k} size="2rem" />
              <span className="grow">
                <span className="choice-word">{t(`kind.${k}` as MessageKey)}</span>
                <span className="choice-hint">{t(`kindHint.${k}` as MessageKey)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface FormProps {
  heading: string;
  submit: string;
  /** What is said when it is saved. */
  said: string;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  /** Under which post's id the draft is kept; "" for a new post. */
  stored: string;
  /** What a form that edits began with. */
  before?: Draft;
  /** The name is not this person's to change. */
  named?: boolean;
  onKind?: () => void;
  /** Writes it, and gives the id of the post. */
  onSend: () => Promise<string>;
  onDiscard: () => void;
}

function PostForm({ heading, submit, said, draft, setDraft, stored, before, named = false, onKind, onSend, onDiscard }: FormProps) {
  const { t } = useT();
  const word = useKindWord();
  const board = useBoard();
  const [tried, setTried] = useState(false);
  const [kept, setKept] = useState<boolean | null>(null);
  const [askName, setAskName] = useState(() => !named && (!draft.author.trim() || stored !== ""));
  const pseudonym = useRef(false);
  const form = useRef<HTMLFormElement>(null);
  const sent = useRef(false);
  const found = { title: look(draft.title, t), body: look(draft.body, t), author: look(draft.author, t) };
  const tooLong = Math.max(0, [...draft.body].length - BODY_MAX);

  useEffect(() => {
    if (sent.current || draft === before) return;
    if (draft.title || draft.body) return setKept(keepDraft(board.id, stored, draft, before));
    dropDraft(board.id, stored);
    setKept(null);
  }, [board, stored, draft, before]);

  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const send = async () => {
    setTried(true);
    const refused = !draft.title.trim() || !draft.author.trim() || found.title.error || found.body.error || found.author.error || tooLong > 0 || endsTooEarly(draft);
    if (refused) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
      return;
    }
    if (!pseudonym.current) choose({ name: settings().name || draft.author.trim() });
    try {
      sent.current = true;
      const post = await onSend();
      say(unsaved(board, post) ? t("state.unsaved") : said);
      go({ view: "post", post }, "replace");
      // Where the storage is full, the draft may be the only copy that outlives this page.
      whenSaved(board, post, () => dropDraft(board.id, stored, draft));
    } catch (err) {
      sent.current = false;
      say(t("form.failed", { reason: String(err) }));
    }
  };
  return (
    <form
      ref={form}
      className="form-page stack"
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
    >
      <h1 className="screen-reader">{heading}</h1>
      {onKind ? (
        <button type="button" className="kind-now" data-kind={draft.kind} onClick={onKind}>
          <KindSeal kind={draft.kind} size="1.6rem" />
          <span className="choice-word grow">{word(draft.kind)}</span>
          <span className="kind-change">{t("form.otherKind")}</span>
        </button>
      ) : (
        <p className="kind-now" data-kind={draft.kind}>
          <KindSeal kind={draft.kind} size="1.6rem" />
          <span className="choice-word">{word(draft.kind)}</span>
        </p>
      )}
      <TextField
        label={t("form.title")}
        hint={t(draft.kind === "request" ? "form.titleHint.request" : "form.titleHint")}
        value={draft.title}
        maxLength={TITLE_MAX}
        autoFocus
        autoComplete="off"
        enterKeyHint="next"
        onChange={(e) => change({ title: e.target.value })}
        error={found.title.error || (tried && !draft.title.trim() ? t("form.needTitle") : "")}
        thought={found.title.thought}
      />
      <TextArea
        label={t("form.body")}
        hint={t("form.bodyHint")}
        value={draft.body}
        onChange={(e) => change({ body: e.target.value })}
        error={found.body.error || (tooLong > 0 ? t("form.tooLong", { n: tooLong }) : "")}
        thought={found.body.thought}
      />
      <Sensitive
        kinds={[...found.title.kinds, ...found.body.kinds]}
        board={board}
        onOtherName={
          named
            ? undefined
            : () => {
                pseudonym.current = true;
                setAskName(true);
                change({ author: t("form.pseudonym") });
              }
        }
      />
      {askName && (
        <TextField
          label={t("form.name")}
          hint={t("form.nameHint")}
          value={draft.author}
          maxLength={40}
          autoComplete="off"
          onChange={(e) => change({ author: e.target.value })}
          error={found.author.error || (tried && !draft.author.trim() ? t("form.needName") : "")}
        />
      )}
      <Similar board={board} draft={draft} />
      <CategoryChoice board={board} chosen={draft.categories ?? []} onChange={(categories) => change({ categories })} />
      <Details draft={draft} change={change} language={LANGUAGES} />
      <div className="form-end">
        <Button type="submit" tone="primary" large icon="check">
          {submit}
        </Button>
        <Button
          tone="quiet"
          onClick={() => {
            sent.current = true;
            dropDraft(board.id, stored);
            onDiscard();
          }}
        >
          {t(stored ? "do.cancel" : "form.discard")}
        </Button>
        <p className="quiet small" role="status">
          {kept === true && t("form.draftKept")}
          {kept === false && t("form.draftNotKept")}
        </p>
      </div>
    </form>
  );
}

/** Subjects of this board, several at once; nothing where the board has none. Those that are offered no more stay on posts that have them. */
function CategoryChoice({ board, chosen, onChange }: { board: Board; chosen: readonly string[]; onChange: (chosen: string[]) => void }) {
  const { t, language } = useT();
  const { categories } = useObservable(board.info);
  const shown = categories.filter((c) => categoryName(c, language) && (!c.hidden || chosen.includes(c.id)));
  if (shown.length === 0) return null;
  return (
    <fieldset className="choice">
      <legend className="field-label">{t("form.categories")}</legend>
      <div className="choice-row">
        {shown.map((c) => (
          <label key={c.id} className="choice-option">
            <input type="checkbox" className="screen-reader" checked={chosen.includes(c.id)} onChange={(e) => onChange(e.target.checked ? [...chosen, c.id] : chosen.filter((id) => id !== c.id))} />
            <span className="grow choice-word">{categoryName(c, language)}</span>
            <span className="choice-tick">
              <Icon name="check" size="1.1em" />
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Posts that say much the same already. */
function Similar({ board, draft }: { board: Board; draft: Draft }) {
  const { t } = useT();
  const alike = useMemo(() => (draft.title.length > 8 ? board.similar(draft).filter((p) => p.id !== draft.id).slice(0, 2) : []), [board, draft]);
  if (alike.length === 0) return null;
  return (
    <div className="field-thought">
      <div className="stack-s">
        <p>{t("form.similar")}</p>
        {alike.map((p) => (
          <ButtonLink key={p.id} tone="quiet" icon="forward" href={format({ board: board.id, post: p.id })}>
            {p.title}
          </ButtonLink>
        ))}
      </div>
    </div>
  );
}

const fields = ["title", "body", "lang", "author", "place", "urgency", "when", "item", "lost", "categories"] as const;

function asDraft(post: Post): Draft {
  const { id, month, kind, title, body, lang, author, place, when, urgency, item, lost, categories } = post;
  return { id, month, kind, title, body, lang, author, place, when, urgency, item, lost, categories };
}

const parts = ["action", "start", "end", "repeat", "note"];
/** A field as text, in one order of its parts; an empty one and none are the same. */
const asText = (field: unknown) => JSON.stringify(field || null, parts).replace(/^(\{\}|\[\])$/, "null");

function difference(before: Draft, after: Draft): PostChanges {
  const changed = fields.filter((f) => asText(before[f]) !== asText(after[f]));
  return Object.fromEntries(changed.map((f) => [f, after[f] || (f === "title" || f === "body" ? "" : null)])) as PostChanges;
}

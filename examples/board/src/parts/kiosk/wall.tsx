import { useState } from "react";
import { useObservable } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { ago, dayAndClock } from "../../app/time";
import { Button } from "../../components/button";
import { KindSeal, KindTab } from "../../components/kind";
import { useKindDetail } from "../../components/post-card";
import { Icon } from "../../design/icon";
import { KINDS } from "../../design/kinds";
import type { Board, Post } from "@tavle/client";
import { idOf, type Work } from "./work";

/** How many posts are shown at a time. */
const CHUNK = 18;

/** The wall: what stands on the board now, newest first, large. Nothing on it moves. */
export function Wall(props: { board: Board; unfinished: readonly Work[]; onOpen: (id: string) => void; onGoOn: (work: Work) => void }) {
  const { t } = useT();
  const posts = useObservable(props.board.posts);
  const [kind, setKind] = useState("");
  const [count, setCount] = useState(CHUNK);
  const open = posts.filter((p) => p.state === "open" && !p.removed && !p.hidden);
  const kinds = KINDS.filter((k) => open.some((p) => p.kind === k));
  const some = open.filter((p) => !kind || p.kind === kind).sort((a, b) => Number(b.pinned) - Number(a.pinned));
  return (
    <>
      <h1 className="screen-reader">{t("kiosk.wall")}</h1>
      {props.unfinished.map((work) => (
        <div key={idOf(work)} className="kiosk-unfinished">
          <span className="grow">{t("kiosk.unfinished")} <span className="quiet">{work.what === "post" ? work.draft.title : work.title}</span></span>
          <Button tone="primary" icon="edit" onClick={() => props.onGoOn(work)}>{t("kiosk.goOn")}</Button>
        </div>
      ))}
      <fieldset className="kiosk-kinds">
        <legend className="screen-reader">{t("board.filter")}</legend>
        <button type="button" className="kiosk-kind" aria-pressed={kind === ""} onClick={() => setKind("")}>
          <span>{t("board.all")}</span>
        </button>
        {kinds.map((k) => (
          <button key={k} type="button" className="kiosk-kind" data-kind={k} aria-pressed={kind === k} onClick={() => setKind(kind === k ? "" : k)}>
            <KindSeal kind={k} size="1.3em" />
            <span>{t(`kind.${k}` as MessageKey)}</span>
          </button>
        ))}
      </fieldset>
      {some.length === 0 && <p className="kiosk-empty">{t("kiosk.empty")}</p>}
      <ul className="kiosk-wall">
        {some.slice(0, count).map((post) => (
          <li key={post.id}>
            <Card post={post} onOpen={() => props.onOpen(post.id)} />
          </li>
        ))}
      </ul>
      {some.length > count && (
        <p className="kiosk-wall-end">
          <Button large onClick={() => setCount(count + CHUNK)}>{t("board.more", { n: Math.min(CHUNK, some.length - count) })}</Button>
        </p>
      )}
    </>
  );
}

function Card({ post, onOpen }: { post: Post; onOpen: () => void }) {
  const { t, language } = useT();
  const helpers = post.offers.filter((o) => !o.withdrawn && !o.removed).length;
  return (
    <article className="card kiosk-card" data-kind={post.kind} data-state={post.state}>
      <div className="card-top">
        <KindTab kind={post.kind} more={useKindDetail(post)} />
        {(post.urgency === "today" || post.urgency === "week") && <span className="urgency">{t(`urgency.${post.urgency}`)}</span>}
      </div>
      <h2 className="kiosk-card-title" lang={post.lang}>
        <button type="button" onClick={onOpen}>{post.title}</button>
      </h2>
      <p className="card-body" lang={post.lang}>{post.body}</p>
      <p className="card-foot">
        {post.when?.start && (
          <span className="fact strong">
            <Icon name="event" size="1.15em" /> {dayAndClock(language, post.when.start)}
          </span>
        )}
        {post.place && (
          <span className="fact">
            <Icon name="place" size="1.15em" /> {post.place}
          </span>
        )}
        <span className="fact">{post.author}, {ago(language, post.createdAt)}</span>
        {helpers > 0 && (
          <span className="fact strong">
            <Icon name="offer" size="1.15em" /> {t("card.offers", { n: helpers })}
          </span>
        )}
      </p>
    </article>
  );
}

import { useState } from "react";
import { useObservable } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { format } from "../../app/route";
import { ago, dayAndClock } from "../../app/time";
import { Button } from "../../components/button";
import { KindTab } from "../../components/kind";
import { useKindDetail } from "../../components/post-card";
import { Qr } from "../../components/qr";
import { Icon } from "../../design/icon";
import type { Board, BoardInfo, Post } from "@tavle/client";
import { usePrinter } from "../print/paper";
import { PostPoster } from "../print/poster";
import { newPoster } from "../print/poster-link";
import { TakeAlongSlip } from "../print/slip";
import { useReader } from "./speech";

/** linkTo is the address of a post for a phone. */
export function linkTo(board: Board, post?: string): string {
  return `${location.origin}/${format({ board: board.id, post })}`;
}

/** What was asked for comes into view, above the bar. */
const intoView = (element: HTMLElement | null) => element?.scrollIntoView({ block: "nearest" });

/** One post, large: to read, to hear, to take along, to answer. */
export function OnePost(props: { board: Board; id: string; info: BoardInfo; onAnswer: (what: "reply" | "help", id: string, title: string) => void }) {
  const { t } = useT();
  const posts = useObservable(props.board.posts);
  const post = posts.find((p) => p.id === props.id);
  if (!post || post.removed) return <p className="kiosk-empty">{t(post ? "post.removed" : "post.notFound")}</p>;
  return <Shown {...props} post={post} />;
}

function Shown({ board, post, info, onAnswer }: { board: Board; post: Post; info: BoardInfo; onAnswer: (what: "reply" | "help", id: string, title: string) => void }) {
  const { t, language } = useT();
  const detail = useKindDetail(post);
  const reader = useReader(post.lang);
  const { print, roll } = usePrinter();
  const [qr, setQr] = useState(false);
  const link = linkTo(board, post.id);
  const offers = post.offers.filter((o) => !o.withdrawn && !o.removed);
  const replies = post.replies.filter((r) => !r.removed);
  const spoken = [post.title, post.body, ...replies.filter((r) => r.lang === post.lang).map((r) => `${r.author}: ${r.body}`)].join(".\n");
  return (
    <div className="kiosk-post" data-kind={post.kind}>
      <article className="kiosk-post-paper" data-kind={post.kind}>
        <KindTab kind={post.kind} more={detail} />
        <h1 lang={post.lang}>{post.title}</h1>
        {post.state !== "open" && <p><span className="stamp">{t((post.state === "closed" ? `outcome.${post.outcome ?? "foundHere"}` : "post.expired") as MessageKey)}</span></p>}
        <p className="kiosk-post-facts">
          {post.when?.start && <span className="fact strong"><Icon name="event" /> {dayAndClock(language, post.when.start)}</span>}
          {post.place && <span className="fact"><Icon name="place" /> {post.place}</span>}
        </p>
        <p className="prose kiosk-post-body" lang={post.lang}>{post.body}</p>
        <p className="quiet">
          {t("post.by", { author: post.author, ago: ago(language, post.createdAt) })}
          {post.proxy && <> · {t(`post.proxy.${post.proxy.kind}` as MessageKey)}</>}
        </p>
        {offers.length > 0 && (
          <section className="kiosk-answers">
            <h2>{t("post.offers")}</h2>
            <ul>{offers.map((o) => <li key={o.id}><strong>{o.author}</strong><p>{o.message}</p></li>)}</ul>
          </section>
        )}
        {replies.length > 0 && (
          <section className="kiosk-answers">
            <h2>{t("post.replies")}</h2>
            <ul>{replies.map((r) => <li key={r.id}><strong>{r.author}</strong><p lang={r.lang}>{r.body}</p></li>)}</ul>
          </section>
        )}
      </article>
      <div className="kiosk-acts">
        {post.state !== "closed" && (
          <Button tone="primary" large wide icon="offer" onClick={() => onAnswer("help", post.id, post.title)}>
            {t(post.kind === "event" ? "post.canHelp.event" : post.kind === "request" || post.kind === "arrangement" ? "post.canHelp" : "post.interested")}
          </Button>
        )}
        <Button large wide icon="reply" onClick={() => onAnswer("reply", post.id, post.title)}>{t("kiosk.reply")}</Button>
        {reader.possible && (
          <Button large wide icon={reader.reading ? "close" : "speak"} onClick={() => (reader.reading ? reader.stop() : reader.read(spoken))}>
            {t(reader.reading ? "kiosk.readStop" : "kiosk.read")}
          </Button>
        )}
        <Button large wide icon="print" onClick={() => print(<TakeAlongSlip post={post} info={info} link={link} />)}>{t("kiosk.print")}</Button>
        {post.state === "open" && (
          <Button large wide icon="print" onClick={() => print(<PostPoster info={info} board={board.id} poster={newPoster()} post={post} />)}>{t("kiosk.poster")}</Button>
        )}
        <Button large wide icon="phone" aria-expanded={qr} onClick={() => setQr(!qr)}>{t("kiosk.takeAlong")}</Button>
        {qr && (
          <div className="kiosk-qr" ref={intoView}>
            <Qr text={link} label={t("share.qr")} />
            <p>{t("kiosk.qrHow")}</p>
          </div>
        )}
        <p className="kiosk-code">{t("kiosk.code")} <strong>{post.code}</strong></p>
      </div>
      {roll}
    </div>
  );
}

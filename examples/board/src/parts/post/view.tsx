import { type ReactNode, useState } from "react";
import { useBoard, useObservable } from "../../app/client";
import { categoryName } from "../../app/categories";
import { type MessageKey, useT } from "../../app/i18n";
import { format, go } from "../../app/route";
import { ago, day } from "../../app/time";
import { Banner } from "../../components/banner";
import { Button, ButtonLink } from "../../components/button";
import { KindTab } from "../../components/kind";
import { useKindDetail } from "../../components/post-card";
import { DeliveryMark } from "../../components/state";
import { Icon } from "../../design/icon";
import type { Post } from "@tavle/client";
import { ShareSheet } from "../share/view";
import { useMay, useRelation } from "../join/member";
import { Conflicts, whenWords } from "./conflicts";
import { IdeaWord, Moderate } from "./duties";
import { Further } from "./further";
import { ShowButton, Why } from "./moderated";
import { Offers } from "./offers";
import { Owner, Together } from "./owner";
import { helpsPrepare } from "./rights";
import { Replies } from "./replies";
import { Terms } from "./terms";
import "./style.css";

/** One post, whole, with what people answered and what one can do about it. */
export function PostView({ id }: { id: string }) {
  const { t } = useT();
  const board = useBoard();
  const posts = useObservable(board.posts);
  const post = posts.find((p) => p.id === id);
  const [asked, setAsked] = useState(false);
  return (
    <div className="post-page">
      <ButtonLink tone="quiet" icon="back" href={format({ board: board.id })} className="post-back no-print">
        {t("nav.board")}
      </ButtonLink>
      {!post ? <Further>{t("post.notFound")}</Further> : post.removed || (post.hidden && !asked) ? <TakenDown post={post} onShow={() => setAsked(true)} /> : <Whole post={post} />}
    </div>
  );
}

/** In the place of a post that a moderator removed, or hid from those who do not ask for it. */
function TakenDown({ post, onShow }: { post: Post; onShow: () => void }) {
  const { t } = useT();
  const board = useBoard();
  return (
    <article className="post" data-kind={post.kind}>
      <KindTab kind={post.kind} />
      <h1>{t(post.removed ? "post.removed" : "post.hidden")}</h1>
      <p>{t(post.removed ? "post.removedHow" : "post.hiddenHow")}</p>
      <Why entry={post} />
      <Moderate entry={post} />
      {!post.removed && <ShowButton onShow={onShow} label={t("moderation.show")} />}
      {!post.mine && (
        <p>
          <a href={format({ board: board.id, view: "about" })}>{t("nav.about")}</a>
        </p>
      )}
    </article>
  );
}

function Whole({ post }: { post: Post }) {
  const { t, language } = useT();
  const [sharing, setSharing] = useState(false);
  const may = useMay(useBoard());
  const relation = useRelation();
  const detail = useKindDetail(post);
  return (
    <>
      <article className="post" data-kind={post.kind} data-state={post.state}>
        <div className="card-top">
          <KindTab kind={post.kind} more={detail} />
          {post.urgency && post.state === "open" && <span className="urgency">{t(`urgency.${post.urgency}` as MessageKey)}</span>}
        </div>
        <h1 lang={post.lang}>{post.title}</h1>
        <p className="post-by">{t("post.by", { author: post.author, ago: ago(language, post.createdAt) })}</p>
        {post.proxy && (
          <p className="fact strong">
            <Icon name="people" size="1.3em" /> {t(`post.proxy.${post.proxy.kind}` as MessageKey)}
          </p>
        )}
        {post.hidden && (
          <Banner tone="warn" icon="warning">
            {t("post.hidden")}
            <Why entry={post} />
          </Banner>
        )}
        <State post={post} />
        <Conflicts post={post} />
        <Facts post={post} />
        {post.body && (
          <p className="prose post-body" lang={post.lang}>
            {post.body}
          </p>
        )}
        <Subjects post={post} />
        {post.idea && <IdeaStatus post={post} />}
        {post.kind === "arrangement" && <Terms post={post} />}
        <div className="row no-print post-tools">
          <Button tone="quiet" icon="share" onClick={() => setSharing(true)}>
            {t("share.do")}
          </Button>
          <span className="quiet small grow">{t("post.code", { code: post.code.toUpperCase() })}</span>
          {post.mine && <DeliveryMark delivery={post.delivery} />}
          <Moderate entry={post} />
        </div>
        {post.clockSuspect && <p className="quiet small">{t("post.clockSuspect")}</p>}
      </article>
      {post.mine && may("editPost", relation(post)) && <Owner post={post} />}
      {helpsPrepare(post) && may("editAsHelper", relation(post)) && <Together post={post} />}
      <Offers post={post} />
      <Replies post={post} />
      <ShareSheet post={post} open={sharing} onClose={() => setSharing(false)} />
    </>
  );
}

/** The board's own categories of a post. */
function Subjects({ post }: { post: Post }) {
  const { language } = useT();
  const { categories } = useObservable(useBoard().info);
  const names = categories.filter((c) => post.categories.includes(c.id)).map((c) => categoryName(c, language)).filter(Boolean);
  return names.length > 0 && <p className="row">{names.map((name) => <span key={name} className="stamp">{name}</span>)}</p>;
}

/** Closed or expired, with every outcome when devices closed it in different ways. */
function State({ post }: { post: Post }) {
  const { t } = useT();
  if (post.state === "open") return null;
  const offers = post.offers.some((o) => !o.withdrawn);
  const outcomes = new Set(post.closings.filter((c) => !c.reopened).map((c) => c.outcome));
  if (post.outcome) outcomes.add(post.outcome);
  return (
    <div className="stack-s">
      <p className="row">
        {post.state === "expired" ? (
          <span className="stamp">{t(offers ? "post.expiredWithOffer" : "post.expired")}</span>
        ) : (
          [...outcomes].map((o) => (
            <span key={o} className="stamp">
              <Icon name="check" size="1.1em" /> {t(`outcome.${o}` as MessageKey)}
            </span>
          ))
        )}
      </p>
      {post.state === "closed" && offers && post.acceptedOffers.length === 0 && (
        <Banner tone="warn" icon="offer">
          {t("post.offerAfterClose")}
        </Banner>
      )}
    </div>
  );
}

function Facts({ post }: { post: Post }) {
  const { t, language } = useT();
  const facts: ReactNode[] = [];
  const { when } = post;
  if (when?.start)
    facts.push(
      <p key="when" className="fact strong">
        <Icon name="clock" size="1.3em" /> {whenWords(when, t, language)}
      </p>,
    );
  if (post.place)
    facts.push(
      <p key="place" className="fact strong" lang={post.lang}>
        <Icon name="place" size="1.3em" /> {post.place}
      </p>,
    );
  if (post.mine && post.expiresOn && post.state === "open")
    facts.push(
      <p key="expires" className="fact quiet">
        {t("post.expiresOn", { day: day(language, post.expiresOn) })}
      </p>,
    );
  return facts.length ? <div className="row post-facts">{facts}</div> : null;
}

function IdeaStatus({ post }: { post: Post }) {
  const { t } = useT();
  const board = useBoard();
  if (!post.idea) return null;
  return (
    <section className="panel stack">
      <p className="row">
        <span className="stamp idea-stamp">{t(`idea.${post.idea.status}` as MessageKey)}</span>
        {post.idea.reason && <span lang={post.lang}>{t("idea.reason", { reason: post.idea.reason })}</span>}
      </p>
      <div className="row">
        <Button tone={post.supported ? "plain" : "primary"} icon="heart" aria-pressed={post.supported} onClick={() => void board.support(post.id, !post.supported)}>
          {t(post.supported ? "post.unsupport" : "post.support")}
        </Button>
        <p>{t("post.supports", { n: post.supports })}</p>
      </div>
      <IdeaWord post={post} />
    </section>
  );
}

/** openPost goes to a post. */
export function openPost(id: string): void {
  go({ view: "post", post: id });
}

import { useT, type MessageKey } from "../app/i18n";
import { ago, dayAndClock } from "../app/time";
import { hasVersions } from "../app/versions";
import { Icon } from "../design/icon";
import type { Post } from "@tavle/client";
import { KindTab } from "./kind";
import { DeliveryMark } from "./state";

/** What an item or a find is about, for the tab: "lend", "lost". */
export function useKindDetail(post: Pick<Post, "kind" | "item" | "lost">): string | undefined {
  const { t } = useT();
  if (post.kind === "item" && post.item?.action) return t(`item.${post.item.action}` as MessageKey);
  if (post.kind === "lostFound" && post.lost) return t(`lost.${post.lost}` as MessageKey);
  return undefined;
}

/** A post in a list: an index card with the tab of its kind. All of it is one link. One that was taken down says so, and why. */
export function PostCard({ post, href, heading = "h2" }: { post: Post; href?: string; heading?: "h2" | "h3" }) {
  const { t, language } = useT();
  const detail = useKindDetail(post);
  const Heading = heading;
  const answers = post.replies.filter((r) => !r.removed).length;
  const helpers = post.offers.filter((o) => !o.withdrawn && !o.removed).length;
  const down = post.removed ? t("post.removed") : post.hidden ? t("post.hidden") : "";
  return (
    <article className="card" data-kind={post.kind} data-state={post.state}>
      <div className="card-top">
        <KindTab kind={post.kind} more={detail} />
        {post.urgency && post.state === "open" && post.urgency !== "whenever" && (
          <span className="urgency">{t(`urgency.${post.urgency}` as MessageKey)}</span>
        )}
      </div>
      <Heading className="card-title" lang={down ? undefined : post.lang}>
        {href ? <a href={href}>{down || post.title}</a> : down || post.title}
      </Heading>
      {down ? (
        <p className="card-body">{[post.moderation?.rule, post.moderation?.facts].filter(Boolean).join(" · ") || t("moderation.noReason")}</p>
      ) : (
        <p className="card-body" lang={post.lang}>
          {post.body}
        </p>
      )}
      <p className="card-foot">
        {!down && post.when?.start && (
          <span className="fact strong">
            <Icon name="event" size="1.15em" /> {dayAndClock(language, post.when.start)}
          </span>
        )}
        {!down && post.place && (
          <span className="fact">
            <Icon name="place" size="1.15em" /> {post.place}
          </span>
        )}
        <span className="fact">{post.author}</span>
        <span className="fact">{ago(language, post.createdAt)}</span>
        {helpers > 0 && (
          <span className="fact strong">
            <Icon name="offer" size="1.15em" /> {t("card.offers", { n: helpers })}
          </span>
        )}
        {answers > 0 && (
          <span className="fact">
            <Icon name="reply" size="1.15em" /> {t("card.replies", { n: answers })}
          </span>
        )}
      </p>
      {(post.state !== "open" || post.idea || post.mine || hasVersions(post)) && (
        <p className="card-marks">
          {post.state === "closed" && <span className="stamp">{t(`outcome.${post.outcome ?? "foundHere"}` as MessageKey)}</span>}
          {post.state === "expired" && <span className="stamp">{t(helpers > 0 ? "post.expiredWithOffer" : "post.expired")}</span>}
          {post.idea && <span className="stamp">{t(`idea.${post.idea.status}` as MessageKey)}</span>}
          {hasVersions(post) && <span className="stamp">{t("conflict.short")}</span>}
          {post.mine && !post.removed && <DeliveryMark delivery={post.delivery} />}
        </p>
      )}
    </article>
  );
}

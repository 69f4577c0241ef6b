import { useMemo } from "react";
import { useBoard, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { Icon } from "../../design/icon";
import { PostCard, useArrows } from "./card";
import { hoursWaiting, reasonOf } from "./lists";

/** Requests that nobody has answered for two days, the oldest first, each with why. */
export function Queue() {
  const { t } = useT();
  const board = useBoard();
  const posts = useObservable(board.posts);
  const info = useObservable(board.info);
  // New posts or settings mean a new answer.
  const waiting = useMemo(() => (posts && info ? board.unanswered() : []), [board, posts, info]);
  const now = Date.now();
  useArrows();
  return (
    <div className="stack">
      <h1>{t("desk.queue")}</h1>
      <p className="quiet">{t("desk.queueHow", { n: info.settings.unansweredHours })}</p>
      {waiting.length === 0 ? <p className="desk-empty">{t("desk.noQueue")}</p> : <p className="quiet small desk-how">{t("desk.arrows")}</p>}
      <ul className="desk-list">
        {waiting.map((post) => (
          <li key={post.id}>
            <PostCard post={post} side={<span className="fact"><Icon name="clock" /> {t("desk.waits", { n: Math.floor(hoursWaiting(post, now) / 24) })}</span>}>
              <p className="desk-reason">{t(post.clockSuspect ? "desk.reason.clock" : `desk.reason.${reasonOf(post)}`)}</p>
            </PostCard>
          </li>
        ))}
      </ul>
    </div>
  );
}

import { useMemo } from "react";
import { useBoard, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { Button } from "../../components/button";
import { KindTab } from "../../components/kind";
import { Icon } from "../../design/icon";
import { foundElsewhere } from "./close";
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
  return (
    <div className="stack">
      <h1>{t("desk.queue")}</h1>
      <p className="quiet">{t("desk.queueHow", { n: info.settings.unansweredHours })}</p>
      {waiting.length === 0 && <p className="desk-empty">{t("desk.noQueue")}</p>}
      <ul className="desk-list">
        {waiting.map((post) => (
          <li key={post.id}>
            <article className="desk-card" data-kind={post.kind}>
              <div className="desk-card-code">
                <strong className="code">{post.code}</strong>
                <span className="fact"><Icon name="clock" /> {t("desk.waits", { n: Math.floor(hoursWaiting(post, now) / 24) })}</span>
              </div>
              <div className="stack-s grow">
                <p><KindTab kind={post.kind} /></p>
                <h2 lang={post.lang}>{post.title}</h2>
                <p className="desk-body" lang={post.lang}>{post.body}</p>
                <p className="desk-reason">{t(post.clockSuspect ? "desk.reason.clock" : `desk.reason.${reasonOf(post)}`)}</p>
                <div className="row">
                  <Button icon="people" onClick={() => void foundElsewhere(board, post, t)}>{t("desk.foundElsewhere")}</Button>
                </div>
              </div>
            </article>
          </li>
        ))}
      </ul>
    </div>
  );
}

import { useEffect } from "react";
import { MONTHS_STANDING, openMonths, useBoard, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { format } from "../../app/route";
import { keptDraft } from "../../app/store";
import { ButtonLink } from "../../components/button";
import { PostCard } from "../../components/post-card";
import { Older } from "../board-list/view";
import type { Draft } from "@tavle/client";

/** What was posted from this device, and what is not posted yet. */
export function Mine() {
  const { t } = useT();
  const board = useBoard();
  const mine = useObservable(board.posts).filter((p) => p.mine);
  useEffect(() => openMonths(board, MONTHS_STANDING), [board]);
  const draft = keptDraft<Draft>(board.id, "")?.draft;
  const removed = mine.filter((p) => p.removed);
  const open = mine.filter((p) => !p.removed && p.state !== "closed");
  const closed = mine.filter((p) => !p.removed && p.state === "closed");
  return (
    <div className="stack page">
      <h1>{t("nav.mine")}</h1>
      {draft && (
        <section className="stack-s" aria-labelledby="drafts">
          <h2 id="drafts">{t("mine.drafts")}</h2>
          {draft.title && <p>{draft.title}</p>}
          <div>
            <ButtonLink tone="primary" icon="edit" href={format({ board: board.id, view: "new" })}>
              {t("mine.draft")}
            </ButtonLink>
          </div>
        </section>
      )}
      {mine.length === 0 && !draft && (
        <>
          <p>{t("mine.empty")}</p>
          <div>
            <ButtonLink tone="primary" icon="add" href={format({ board: board.id, view: "new" })}>
              {t("nav.new")}
            </ButtonLink>
          </div>
        </>
      )}
      {[
        { key: "mine.removed" as const, posts: removed },
        { key: "mine.open" as const, posts: open },
        { key: "mine.closed" as const, posts: closed },
      ].map(
        ({ key, posts }) =>
          posts.length > 0 && (
            <section key={key} className="stack" aria-label={t(key)}>
              <h2>{t(key)}</h2>
              <ul className="wall">
                {posts.map((p) => (
                  <li key={p.id}>
                    <PostCard post={p} href={format({ board: board.id, post: p.id })} heading="h3" />
                  </li>
                ))}
              </ul>
            </section>
          ),
      )}
      <p>
        <Older />
      </p>
    </div>
  );
}

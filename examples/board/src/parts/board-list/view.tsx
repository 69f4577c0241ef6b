import { useDeferredValue, useMemo, useState } from "react";
import { openMonths, useBoard, useObservable } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { format, go } from "../../app/route";
import { Button } from "../../components/button";
import { KindSeal } from "../../components/kind";
import { PostCard } from "../../components/post-card";
import { Icon } from "../../design/icon";
import { KINDS } from "../../design/kinds";
import type { Post } from "@tavle/client";
import "./style.css";

/** How many cards are drawn at a time. */
const CHUNK = 60;
/** How many months the board is opened further back, each time one asks. */
const MONTHS = 3;

type Shown = "open" | "closed" | "all";

// Kept while the page lives, so that one comes back from a post to the list as it was.
const kept = { query: "", kind: "", place: "", shown: "open" as Shown, count: CHUNK };

/** The board: its posts, newest first, by kind and place, and as one searches. All of it from this device. */
export function BoardList() {
  const { t } = useT();
  const board = useBoard();
  const posts = useObservable(board.posts);
  const [query, setQuery] = useState(kept.query);
  const [kind, setKind] = useState(kept.kind);
  const [place, setPlace] = useState(kept.place);
  const [shown, setShown] = useState(kept.shown);
  const [count, setCount] = useState(kept.count);
  Object.assign(kept, { query, kind, place, shown, count });

  const places = useMemo(() => placesOf(posts), [posts]);
  const wanted = useDeferredValue(query.trim());
  const found = useMemo(() => {
    const filter = { ...(kind && { kinds: [kind] }), ...(place && { place }), state: shown };
    // "posts" is what board.search reads: a new value means a new answer.
    void posts;
    return pinnedFirst(wanted ? board.search(wanted, filter) : board.list(filter));
  }, [board, posts, wanted, kind, place, shown]);

  const narrowed = query !== "" || kind !== "" || place !== "" || shown !== "open";
  const clear = () => {
    setQuery("");
    setKind("");
    setPlace("");
    setShown("open");
  };
  return (
    <>
      <h1 className="screen-reader">{t("nav.board")}</h1>
      <div className="finder no-print">
        <search className="finder-search">
          <Icon name="search" />
          <input
            className="input"
            type="search"
            value={query}
            onChange={(e) => setQuery(e.target.value)}
            placeholder={t("board.searchHint")}
            aria-label={t("board.search")}
            autoComplete="off"
            enterKeyHint="search"
          />
        </search>
        <fieldset className="kinds">
          <legend className="screen-reader">{t("board.filter")}</legend>
          <button type="button" className="kind-chip" aria-pressed={kind === ""} onClick={() => setKind("")}>
            <span>{t("board.all")}</span>
          </button>
          {KINDS.map((k) => (
            <button key={k} type="button" className="kind-chip" data-kind={k} aria-pressed={kind === k} onClick={() => setKind(kind === k ? "" : k)}>
              <KindSeal kind={k} size="1.25em" />
              <span>{t(`kind.${k}` as MessageKey)}</span>
            </button>
          ))}
        </fieldset>
        <div className="finder-more">
          <p className="finder-count" role="status">
            {t("board.count", { n: found.length })}
          </p>
          <label className="select">
            <span className="screen-reader">{t("board.show")}</span>
            <select value={shown} onChange={(e) => setShown(e.target.value as Shown)}>
              {(["open", "closed", "all"] as const).map((s) => (
                <option key={s} value={s}>
                  {t(`board.show.${s}`)}
                </option>
              ))}
            </select>
          </label>
          {places.length > 1 && (
            <label className="select">
              <span className="screen-reader">{t("board.place")}</span>
              <select value={place} onChange={(e) => setPlace(e.target.value)}>
                <option value="">{t("board.allPlaces")}</option>
                {places.map((p) => (
                  <option key={p}>{p}</option>
                ))}
              </select>
            </label>
          )}
        </div>
      </div>

      {found.length === 0 && (
        <div className="nothing stack">
          <p>{t(narrowed ? "board.nothing" : "board.empty")}</p>
          {narrowed ? (
            <Button onClick={clear}>{t("board.clear")}</Button>
          ) : (
            <Button tone="primary" icon="add" onClick={() => go({ view: "new" })}>
              {t("nav.new")}
            </Button>
          )}
        </div>
      )}
      <ul className="wall">
        {found.slice(0, count).map((post) => (
          <li key={post.id}>
            <PostCard post={post} href={format({ board: board.id, post: post.id })} />
          </li>
        ))}
      </ul>
      <p className="wall-end no-print">
        {found.length > count ? (
          <Button onClick={() => setCount(count + CHUNK)}>{t("board.more", { n: Math.min(CHUNK, found.length - count) })}</Button>
        ) : (
          <Older />
        )}
      </p>
    </>
  );
}

/** Opens the board further back. */
export function Older() {
  const { t } = useT();
  const board = useBoard();
  return <Button onClick={() => openMonths(board, board.loading.get().months.length + MONTHS)}>{t("board.older")}</Button>;
}

function pinnedFirst(posts: readonly Post[]): Post[] {
  return [...posts.filter((p) => p.pinned), ...posts.filter((p) => !p.pinned)];
}

/** The places that posts name, those named most first; at most 30. */
function placesOf(posts: readonly Post[]): string[] {
  const counts = new Map<string, number>();
  for (const { place, removed } of posts) if (place && !removed) counts.set(place, (counts.get(place) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, 30).map(([p]) => p);
}

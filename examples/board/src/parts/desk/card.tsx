import { type ReactNode, useEffect, useRef, useState } from "react";
import { useBoard, useObservable } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { day } from "../../app/time";
import { Button } from "../../components/button";
import { KindTab } from "../../components/kind";
import { Icon, type IconName } from "../../design/icon";
import type { Post } from "@tavle/client";
import { useMay, useNotePoster, useRelation } from "../join/member";
import { usePrinter } from "../print/paper";
import { PostPoster } from "../print/poster";
import { newPoster } from "../print/poster-link";
import { NeighbourSlip } from "../print/slip";
import { close, extend, reopen } from "./close";
import { Edit } from "./edit";
import { HandOver } from "./hand-over";
import { isHandedOver, isOffered } from "./lists";
import { rememberPoster } from "./memory";

/** Something to do with a post, and the letter that does it while its card has the focus. */
interface Act {
  key: string;
  word: MessageKey;
  icon: IconName;
  run: () => void;
  primary?: boolean;
}

/**
 * One post of a list with what can be done about it. `first` stands before the acts that every post has. Arrow keys go from card to
 * card; the letters on the buttons work inside of the card only, and never while one writes.
 */
export function PostCard({ post, side, first, children, news }: { post: Post; side: ReactNode; first?: Act; children: ReactNode; news?: boolean }) {
  const { t, language } = useT();
  const board = useBoard();
  const info = useObservable(board.info);
  const { print, roll } = usePrinter();
  const [at, setAt] = useState<"" | "edit" | "handOver">("");
  const card = useRef<HTMLElement>(null);
  const gone = isHandedOver(post);
  const may = useMay(board);
  const note = useNotePoster(board);
  const relation = useRelation()(post);
  // What is the volunteer's own, was written for a neighbour, or at a kiosk, whose next visitor is somebody else.
  const tended = relation !== "other" || post.proxy !== undefined || post.origin === "kiosk";
  const leave = () => {
    setAt("");
    card.current?.focus();
  };

  const acts: Act[] = first ? [first] : [];
  if (tended && !gone) {
    if (post.state === "closed" && may("closePost", relation)) acts.push({ key: "o", word: "desk.reopen", icon: "undo", run: () => void reopen(board, post, t) });
    else if (post.state !== "closed" && may("editPost", relation)) {
      acts.push({ key: "e", word: "desk.edit", icon: "edit", run: () => setAt("edit") });
      acts.push({ key: "x", word: "desk.extend", icon: "clock", run: () => void extend(board, post, t, language), primary: post.state === "expired" });
    }
    if (post.proxy) acts.push({ key: "p", word: "desk.printSlip", icon: "print", run: () => print(<NeighbourSlip post={post} info={info} />) });
  }
  if (post.state !== "closed" && !gone) {
    if (may("closePost", relation)) acts.push({ key: "f", word: "desk.foundElsewhere", icon: "people", run: () => void close(board, post, "foundElsewhere", t) });
    if (post.proxy && post.mine) acts.push({ key: "h", word: "desk.handOver", icon: "forward", run: () => setAt("handOver") });
  }
  if (post.state === "open") {
    acts.push({ key: "a", word: "desk.printPoster", icon: "print", run: () => {
      const poster = newPoster();
      rememberPoster(poster, post.code, Date.now());
      note(poster, post.title);
      print(<PostPoster info={info} board={board.id} poster={poster} post={post} />);
    } });
  }
  return (
    <article
      ref={card}
      className="desk-card"
      tabIndex={-1}
      data-kind={post.kind}
      data-news={news}
      aria-label={`${post.code.toUpperCase()}: ${post.title}`}
      onKeyDown={(e) => {
        if (e.ctrlKey || e.altKey || e.metaKey || at || isWriting(e.target)) return;
        const act = acts.find((a) => a.key === e.key.toLowerCase());
        if (!act) return;
        e.preventDefault();
        act.run();
      }}
    >
      <div className="desk-card-code">
        <strong className="code">{post.code}</strong>
        {side}
      </div>
      <div className="stack-s grow">
        <p><KindTab kind={post.kind} /></p>
        {at === "edit" ? <Edit post={post} onDone={leave} /> : (
          <>
            <h2 lang={post.lang}>{post.title}</h2>
            <p className="desk-body" lang={post.lang}>{post.body}</p>
            <Standing post={post} />
            {children}
            {at === "handOver" ? <HandOver post={post} onDone={leave} /> : (
              <div className="row desk-acts">
                {acts.map((a) => (
                  <Button key={a.key} tone={a.primary ? "primary" : "plain"} icon={a.icon} aria-keyshortcuts={a.key} onClick={a.run}>
                    {t(a.word)} <kbd aria-hidden="true">{a.key.toUpperCase()}</kbd>
                  </Button>
                ))}
              </div>
            )}
          </>
        )}
      </div>
      {roll}
    </article>
  );
}

/** Until when it stands, or how it ended. */
function Standing({ post }: { post: Post }) {
  const { t, language } = useT();
  if (isHandedOver(post)) return <p><span className="stamp">{t("desk.handedOver")}</span></p>;
  if (post.state === "closed") return <p><span className="stamp">{t(`outcome.${post.outcome ?? "foundHere"}` as MessageKey)}</span></p>;
  if ((!post.proxy && post.origin !== "kiosk") || post.expiresOn === null) return null;
  return (
    <p className="small desk-stands" data-over={post.state === "expired"}>
      <Icon name="clock" /> {t(post.state === "expired" ? "desk.stoodUntil" : "desk.standsUntil", { day: day(language, post.expiresOn) })}
      {isOffered(post) && <> · {t("desk.handOverOffered")}</>}
    </p>
  );
}

/** isWriting: the key belongs to a field. */
function isWriting(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=radio]), textarea, select");
}

/** useArrows: up and down go from card to card of the page, from wherever the focus is outside of a field. */
export function useArrows(): void {
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
      if (!step || e.ctrlKey || e.altKey || e.metaKey || !(e.target instanceof Element) || e.target.closest("input, textarea, select, dialog, .desk-edit")) return;
      const cards = [...document.querySelectorAll<HTMLElement>(".desk-card")];
      const now = cards.indexOf(e.target.closest<HTMLElement>(".desk-card") as HTMLElement);
      const to = cards[now < 0 ? 0 : now + step];
      if (!to) return;
      e.preventDefault();
      to.focus();
      to.scrollIntoView({ block: "nearest" });
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

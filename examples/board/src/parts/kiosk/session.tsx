import { type RefObject, Suspense, useEffect, useRef, useState } from "react";
import { useApp, useObservable } from "../../app/client";
import { loadMessages, type MessageKey, useT } from "../../app/i18n";
import { choose, LANGUAGES, type Language, useSettings } from "../../app/settings";
import { Button } from "../../components/button";
import { later } from "../../components/later";
import { Skyline } from "../../components/skyline";
import { Icon } from "../../design/icon";
import type { Board } from "@tavle/client";
import type { Sent } from "./done";
import { Refused } from "./refused";
import { Parked, Resume } from "./resume";
import { park, type Slips, take } from "./slips";
import { KioskState } from "./state";
import { Wall } from "./wall";
import { empty, idOf, upon, type Work } from "./work";
import { ChooseKind, Write } from "./write";

// Fetched at once too, so that they are there when the internet goes; but the wall does not wait for them.
const Done = later(async () => ({ default: (await import("./done")).Done }), true);
const Help = later(async () => ({ default: (await import("./help")).Help }), true);
const OnePost = later(async () => ({ default: (await import("./post")).OnePost }), true);

type Screen =
  | { at: "wall" | "kind" | "write" | "resume" }
  | { at: "post"; id: string }
  | { at: "done"; sent: Sent }
  | { at: "parked"; code: string };

/** Larger text, once. */
const LARGE = 1.3;

/** One person at the kiosk, from the first touch until they finish. */
export function Session(props: {
  board: Board;
  slips: RefObject<Slips<Work>>;
  onFinish: () => void;
  onLanguage: (language: Language) => void;
  onChange: (nothing: boolean) => void;
}) {
  const { board, slips } = props;
  const { t, language } = useT();
  const { textSize } = useSettings();
  const { client } = useApp();
  const info = useObservable(board.info);
  const [screen, setScreen] = useState<Screen>({ at: "wall" });
  /** What one is writing; below it what one has left for that, and goes back to from the wall. */
  const [works, setWorks] = useState<readonly Work[]>([]);
  const work = works.at(-1) ?? null;
  const unfinished = works.filter((w) => !empty(w));
  const post = unfinished.findLast((w) => w.what === "post");
  const [sent, setSent] = useState<readonly string[]>([]);
  const [helping, setHelping] = useState(false);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);

  const onWall = screen.at === "wall";
  props.onChange(onWall && !helping && unfinished.length === 0);

  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    window.scrollTo(0, 0);
    if (!main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });
  }, [screen]);

  // The back button is no way into what somebody did: it leads to the wall.
  useEffect(() => {
    const back = () => setScreen({ at: "wall" });
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);

  const write = (what: Work) => {
    setWorks(upon(works, what));
    setScreen({ at: "write" });
  };
  const start = (kind: string) => {
    const draft = board.newDraft(kind, language);
    draft.origin = "kiosk";
    if (kind === "item") draft.item = { action: "give" };
    if (kind === "lostFound") draft.lost = "lost";
    write({ what: "post", draft });
  };
  const answer = (what: "reply" | "help", post: string, title: string) => {
    const begun = works.find((w) => w.what === what && w.post === post);
    write(begun ?? { what, id: board.newDraft("", language).id, post, title, body: "", author: "" });
  };
  const putAside = () => {
    const done = work && park(slips.current, work, performance.now(), secureRandom);
    if (!done) return false;
    slips.current = done.slips;
    setWorks(works.slice(0, -1));
    setScreen({ at: "parked", code: done.code });
    return true;
  };
  const resume = (code: string) => {
    const taken = take(slips.current, code, performance.now());
    slips.current = taken.slips;
    if (taken.what) write(taken.what);
    return taken.what ? "found" : taken.paused ? "paused" : "wrong";
  };

  return (
    <>
      <header className="kiosk-head" data-compact={!onWall}>
        <div className="kiosk-head-row">
          <div className="grow">
            <p className="kiosk-title">{info.title}</p>
            <KioskState />
          </div>
          <fieldset className="kiosk-languages">
            <legend className="screen-reader">{t("settings.language")}</legend>
            {LANGUAGES.map((l) => (
              <button
                key={l}
                type="button"
                lang={l}
                className="kiosk-language"
                aria-pressed={l === language}
                onClick={() => void loadMessages(l).then(() => props.onLanguage(l))}
              >
                {t(`lang.${l}` as MessageKey)}
              </button>
            ))}
          </fieldset>
        </div>
        <Skyline />
        {info.demo && <p className="kiosk-demo">{t("kiosk.demo")}</p>}
      </header>
      <main ref={main} tabIndex={-1} className="kiosk-main" data-at={screen.at}>
        {client && <Refused client={client} sent={sent} />}
        {screen.at === "wall" && (
          <Wall board={board} unfinished={unfinished} onOpen={(id) => setScreen({ at: "post", id })} onGoOn={write} />
        )}
        <Suspense fallback={null}>{screen.at === "post" && <OnePost board={board} id={screen.id} info={info} onAnswer={answer} />}</Suspense>
        {screen.at === "kind" && <ChooseKind onChoose={start} />}
        {screen.at === "write" && work && (
          <Write
            key={idOf(work)}
            board={board}
            work={work}
            onChange={(changed) => setWorks((all) => all.map((w) => (w === work ? changed : w)))}
            onPark={putAside}
            onSend={() => setSent([...sent, idOf(work)])}
            onSent={(sent) => {
              setWorks((all) => all.filter((w) => idOf(w) !== idOf(work)));
              setScreen({ at: "done", sent });
            }}
          />
        )}
        {screen.at === "resume" && <Resume onCode={resume} />}
        {screen.at === "parked" && <Parked code={screen.code} />}
        <Suspense fallback={null}>{screen.at === "done" && <Done board={board} info={info} sent={screen.sent} onOpen={(id) => setScreen({ at: "post", id })} />}</Suspense>
      </main>
      <nav className="kiosk-dock" aria-label={t("nav.label")}>
        {onWall ? (
          <>
            <Button tone="primary" icon="add" onClick={() => (post ? write(post) : setScreen({ at: "kind" }))}>{t("nav.new")}</Button>
            {slips.current.parked.length > 0 && <Button icon="clock" onClick={() => setScreen({ at: "resume" })}>{t("kiosk.resume")}</Button>}
          </>
        ) : (
          <Button icon="back" onClick={() => setScreen({ at: "wall" })}>{t("kiosk.toWall")}</Button>
        )}
        <span className="kiosk-dock-gap" />
        {(!onWall || unfinished.length > 0) && <Button icon="close" data-finish onClick={props.onFinish}>{t("kiosk.finish")}</Button>}
        <button type="button" className="button" aria-pressed={textSize !== 1} onClick={() => choose({ textSize: textSize === 1 ? LARGE : 1 })}>
          <span className="kiosk-larger" aria-hidden="true">A<big>A</big></span>
          <span className="screen-reader">{t("kiosk.larger")}</span>
        </button>
        <button type="button" className="button kiosk-help" onClick={() => setHelping(true)}>
          <Icon name="question" /> <span>{t("kiosk.help")}</span>
        </button>
      </nav>
      <Suspense fallback={null}><Help open={helping} info={info} board={board} onClose={() => setHelping(false)} /></Suspense>
    </>
  );
}

function secureRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}

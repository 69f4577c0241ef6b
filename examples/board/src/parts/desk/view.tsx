import { Suspense, useEffect, useRef, useState } from "react";
import { AppProvider, useApp, useObservable } from "../../app/client";
import { loadMessages, type MessageKey, useT } from "../../app/i18n";
import { format } from "../../app/route";
import { choose, LANGUAGES, settings } from "../../app/settings";
import { Banner } from "../../components/banner";
import { later } from "../../components/later";
import { loadQr } from "../../components/qr";
import { Skyline } from "../../components/skyline";
import { StateLine } from "../../components/state";
import { Toasts } from "../../components/toast";
import { Icon, type IconName } from "../../design/icon";
import type { Board } from "@tavle/client";
import { DeviceBanners } from "../device/banners";
import { DemoBanner } from "../join/demo";
import { Gate } from "../join/gate";
import { useLooksAfter, useMay } from "../join/member";
import { Entry } from "./entry";
import { focusOn } from "./keys";
import { rememberShortcuts, shortcuts } from "./memory";
import "./style.css";

await loadMessages(settings().language, "desk.");

// Fetched at once too, so that they are there when the internet goes; but the form does not wait for them.
void loadQr();
const CallList = later(async () => ({ default: (await import("./calls")).CallList }), true);
const Queue = later(async () => ({ default: (await import("./queue")).Queue }), true);
const Papers = later(async () => ({ default: (await import("./papers")).Papers }), true);
const Numbers = later(async () => ({ default: (await import("./numbers")).Numbers }), true);
const Find = later(async () => ({ default: (await import("./find")).Find }), true);

const PARTS = [
  { id: "entry", icon: "add", key: "desk.tab.entry", part: null },
  { id: "calls", icon: "phone", key: "desk.tab.calls", part: CallList },
  { id: "queue", icon: "clock", key: "desk.tab.queue", part: Queue },
  { id: "papers", icon: "print", key: "desk.tab.papers", part: Papers },
  { id: "numbers", icon: "board", key: "desk.tab.numbers", part: Numbers },
  { id: "find", icon: "search", key: "desk.tab.find", part: Find },
] as const satisfies { id: string; icon: IconName; key: MessageKey; part: React.ComponentType | null }[];

/** The desk: a volunteer enters requests for neighbours who are not online, keyboard first, and keeps them informed. */
export default function Desk() {
  return (
    <Gate page="desk">
      <AppProvider wanted="" origin="desk">
        <Frame />
      </AppProvider>
    </Gate>
  );
}

function Frame() {
  const { t } = useT();
  const { board, noBoard, failure } = useApp();
  return (
    <div className="desk">
      <a className="skip" href="#desk" onClick={(e) => { e.preventDefault(); document.getElementById("desk")?.focus(); }}>{t("app.skip")}</a>
      {board ? (
        <Open board={board} />
      ) : (
        <main className="desk-main">
          {failure ? <Banner tone="bad" icon="warning">{t("device.cannot", { reason: failure })}</Banner> : <p>{t(noBoard ? "boards.none" : "board.opening")}</p>}
        </main>
      )}
      <Toasts />
    </div>
  );
}

function Open({ board }: { board: Board }) {
  const { t, language } = useT();
  const { client } = useApp();
  const info = useObservable(board.info);
  const looksAfter = useLooksAfter(board);
  const [at, setAt] = useState<(typeof PARTS)[number]["id"]>("entry");
  const [keys, setKeys] = useState(shortcuts);
  const main = useRef<HTMLElement>(null);
  const Part = PARTS.find((p) => p.id === at)?.part;
  const mayWrite = useMay(board)("postForOther");

  // Alt and a figure open a part from anywhere; it can be switched off for those whose tools need these keys.
  useEffect(() => {
    if (!keys) return;
    const press = (e: KeyboardEvent) => {
      if (!e.altKey || e.ctrlKey || e.metaKey) return;
      const part = PARTS[Number(e.code.replace("Digit", "")) - 1];
      if (!part || !e.code.startsWith("Digit")) return;
      e.preventDefault();
      setAt(part.id);
      // Of the form that is open already, its first question; else the part, until it says better.
      const question = main.current?.querySelector(".entry [data-question]");
      if (part.id === "entry" && question) focusOn(question);
      else main.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [keys]);

  return (
    <>
      <header className="desk-head">
        <div className="desk-head-top">
          <div className="grow">
            <p className="desk-title">{info.title} <span>{t("desk.title")}</span></p>
            <StateLine />
          </div>
          {looksAfter && <a className="desk-owner" href={`/${format({ board: board.id, view: "owner" })}`}><Icon name="people" /> {t("nav.owner")}</a>}
          <label className="desk-select">
            <span className="screen-reader">{t("settings.language")}</span>
            <select value={language} onChange={(e) => { const l = e.target.value as (typeof LANGUAGES)[number]; void loadMessages(l).then(() => choose({ language: l })); }}>
              {LANGUAGES.map((l) => <option key={l} value={l} lang={l}>{t(`lang.${l}`)}</option>)}
            </select>
          </label>
        </div>
        <nav className="desk-tabs" aria-label={t("nav.label")}>
          {PARTS.map((p, i) => (
            <button key={p.id} type="button" className="desk-tab" aria-current={p.id === at ? "page" : undefined} aria-keyshortcuts={keys ? `Alt+${i + 1}` : undefined} onClick={() => setAt(p.id)}>
              <Icon name={p.icon} /> <span>{t(p.key)}</span>
              {keys && <kbd aria-hidden="true"><span className="desk-alt">Alt </span>{i + 1}</kbd>}
            </button>
          ))}
        </nav>
        <Skyline />
        {info.demo && <p className="desk-demo">{t("board.demo")}</p>}
      </header>
      <main id="desk" ref={main} tabIndex={-1} className="desk-main">
        {client && <DeviceBanners client={client} />}
        <DemoBanner />
        {at === "entry" && !mayWrite && <NoRole board={board.id} />}
        <Suspense fallback={null}>{Part && <Part />}</Suspense>
        {/* It stays while one looks at something else: what is half written is in it alone. */}
        <div hidden={at !== "entry" || !mayWrite}><Entry shown={at === "entry" && mayWrite} /></div>
      </main>
      <footer className="desk-foot">
        <label className="desk-keys">
          <input type="checkbox" checked={keys} onChange={(e) => { setKeys(e.target.checked); rememberShortcuts(e.target.checked); }} />
          <span>{t("desk.shortcuts")}</span>
        </label>
      </footer>
    </>
  );
}

/** For whom the server would refuse a post for a neighbour. */
function NoRole({ board }: { board: string }) {
  const { t } = useT();
  return (
    <div className="stack">
      <h1>{t("desk.entry")}</h1>
      <p>{t("desk.noRole")}</p>
      <p><a href={`/${format({ board })}`}>{t("nav.board")}</a></p>
    </div>
  );
}

import { useEffect, useRef, useState } from "react";
import { AppProvider, useApp } from "../../app/client";
import { loadMessages, useT } from "../../app/i18n";
import { parse } from "../../app/route";
import { choose, forget as forgetSettings, keepInMemory, type Language, settings } from "../../app/settings";
import { hush } from "../../components/toast";
import { Banner } from "../../components/banner";
import { loadQr } from "../../components/qr";
import { Gate } from "../join/gate";
import { More } from "./more";
import { Session } from "./session";
import { none, type Slips, sweep } from "./slips";
import { silence, speaking } from "./speech";
import { useIdle } from "./use-idle";
import type { Work } from "./work";
import "./style.css";

// From here on no choice of a person is written to the device, and no sentence is missing.
keepInMemory();
await loadMessages(settings().language, "kiosk.");
await loadMessages(settings().language, "desk.");
void loadQr();

/** Which board this kiosk shows: an address, and all that it remembers. */
const BOARD = "tavle.kiosk.board";
/** The language that it goes back to. */
const home: Language = settings().language;

/** /kiosk#b=<board> sets the kiosk's board once; the address is then empty, and stays so. */
function boardOfThisKiosk(): string {
  const named = parse(location.hash).board;
  try {
    if (named) localStorage.setItem(BOARD, named);
    return named || (localStorage.getItem(BOARD) ?? "");
  } catch {
    return named;
  }
}

/**
 * The kiosk: a screen that many people use and that keeps nothing of any of them. All that a person writes lives in the state of
 * {@link Session}, which is thrown away when they finish, or have gone.
 */
export default function Kiosk() {
  const [wanted] = useState(boardOfThisKiosk);
  return (
    <Gate page="kiosk">
      <AppProvider wanted={wanted} origin="kiosk">
        <Frame />
      </AppProvider>
    </Gate>
  );
}

function Frame() {
  const { t } = useT();
  const { client, board, noBoard, failure } = useApp();
  const [session, setSession] = useState(0);
  const slips = useRef<Slips<Work>>(none());
  /** Said by the session: is there anything that would be missed? */
  const nothing = useRef(true);

  const forget = () => {
    silence();
    hush();
    getSelection()?.removeAllRanges();
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    forgetSettings(home);
    clean();
    nothing.current = true;
    client?.newVisit();
    setSession((n) => n + 1);
    window.scrollTo(0, 0);
  };
  const { idle, finish, more } = useIdle(forget, () => {
    slips.current = sweep(slips.current, performance.now());
    const changed = settings().language !== home || settings().textSize !== 1;
    return { nothing: nothing.current && !changed, busy: speaking() };
  });

  useEffect(() => {
    clean();
    // What is copied on a shared screen would wait there for the next person.
    const keep = (event: Event) => event.preventDefault();
    for (const name of ["copy", "cut", "dragstart", "contextmenu"]) document.addEventListener(name, keep);
    return () => {
      for (const name of ["copy", "cut", "dragstart", "contextmenu"]) document.removeEventListener(name, keep);
    };
  }, []);

  // Whoever comes now is nobody who was here before: their answers to earlier posts count, and nothing links the two.
  useEffect(() => client?.newVisit(), [client]);

  useEffect(() => {
    if (!board) return;
    try {
      localStorage.setItem(BOARD, board.id);
    } catch {
      // It will ask the server again next time.
    }
  }, [board]);

  if (!board) {
    return (
      <main className="kiosk kiosk-opening">
        <h1>Tavle</h1>
        {failure ? (
          <Banner tone="bad" icon="warning">{t("device.cannot", { reason: failure })}</Banner>
        ) : (
          <p>{t(noBoard ? "kiosk.noBoard" : "board.opening")}</p>
        )}
      </main>
    );
  }
  return (
    <div className="kiosk">
      <Session
        key={session}
        board={board}
        slips={slips}
        onFinish={finish}
        onLanguage={(l) => choose({ language: l })}
        onChange={(isNothing) => {
          nothing.current = isNothing;
        }}
      />
      {idle.phase === "asking" && <More left={idle.left} onMore={more} onFinish={finish} />}
    </div>
  );
}

/** clean leaves nothing in the address or its state; entries of the session history are replaced, never added. */
export function clean(): void {
  history.replaceState(null, "", "/kiosk");
}

import { type MouseEvent, type ReactNode, Suspense, useEffect, useRef, useSyncExternalStore } from "react";
import { type App, AppProvider, useApp, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { format, type Route, useRoute } from "../../app/route";
import { Banner } from "../../components/banner";
import { ButtonLink } from "../../components/button";
import { later } from "../../components/later";
import { Skyline } from "../../components/skyline";
import { StateLine } from "../../components/state";
import { Toasts } from "../../components/toast";
import { Icon, type IconName } from "../../design/icon";
import type { Board } from "@tavle/client";
import { BoardList } from "../board-list/view";
import { DeviceBanners } from "../device/banners";
import { DemoBanner } from "../join/demo";
import { Gate } from "../join/gate";
import { useMay, useMe, useRoles } from "../join/member";
import { Mine } from "../mine/view";
import { PostView } from "../post/view";
import { SettingsView } from "../settings/view";
import { ClockBanner, InstallHint, UpdateHint } from "./hints";
import "./style.css";

// What few people need, or need once.
const Owner = later(() => import("../owner/view"));
const Known = later(() => import("../known/view"));
const First = later(() => import("../owner/first"));
const JoinMore = later(() => import("../join/more"));
const Outside = later(() => import("../join/outside"));

// Fetched at once too, so that they are there when the internet goes; but the board does not wait for them.
const form = () => import("../post-form/view");
const About = later(async () => ({ default: (await import("../about/view")).About }), true);
const Boards = later(async () => ({ default: (await import("../boards/view")).Boards }), true);
const Claim = later(async () => ({ default: (await import("../claim/view")).Claim }), true);
const EditPost = later(async () => ({ default: (await form()).EditPost }), true);
const NewPost = later(async () => ({ default: (await form()).NewPost }), true);
const DeviceView = later(async () => ({ default: (await import("../device/view")).DeviceView }), true);

/** The phone: one head, one view by the address, one dock. */
export default function Phone() {
  const route = useRoute();
  return (
    <Gate page="phone">
      <AppProvider wanted={route.board} origin="phone">
        <Frame route={route} />
      </AppProvider>
    </Gate>
  );
}

function Frame({ route }: { route: Route }) {
  const { t } = useT();
  const { client, board, noBoard, missing, failure } = useApp();
  const skip = (e: MouseEvent) => {
    e.preventDefault();
    document.getElementById("content")?.focus();
  };
  return (
    <DemoFrame board={board}>
      <a className="skip" href="#content" onClick={skip}>
        {t("app.skip")}
      </a>
      <Head board={board} route={route} />
      <main id="content" tabIndex={-1} className="content">
        {failure && (
          <Banner tone="bad" icon="warning">
            {t("device.cannot", { reason: failure })}
          </Banner>
        )}
        {client && <DeviceBanners client={client} />}
        {client && board && <ClockBanner client={client} board={board} />}
        <Suspense fallback={<p className="quiet">{t("board.opening")}</p>}>
          <View route={route} noBoard={noBoard} missing={missing} board={board} />
        </Suspense>
      </main>
      <Toasts />
    </DemoFrame>
  );
}

const none = () => () => undefined;

/** Practice boards have a striped frame, on every view, and say so. What is in it stays when the board comes. */
function DemoFrame({ board, children }: { board: Board | null; children: ReactNode }) {
  const info = useSyncExternalStore(board ? (fn) => board.info.subscribe(fn) : none, () => board?.info.get() ?? null);
  useEffect(() => {
    document.title = info?.title ? `${info.title} · Tavle` : "Tavle";
  }, [info?.title]);
  return <div className={info?.demo ? "frame frame-demo" : "frame"}>{children}</div>;
}

/** The board that is looked at, also while it opens and where it does not. */
function useHere(route: Route, board: Board | null): { id: string } {
  const me = useMe();
  return board ?? { id: route.board || (me?.boards[0]?.id ?? "") };
}

function View({ route, board, noBoard, missing }: { route: Route; board: Board | null; noBoard: boolean; missing: App["missing"] }) {
  const { t } = useT();
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    window.scrollTo(0, 0);
    // A field with autofocus has the focus by now; without one, screen readers begin at the content.
    const main = document.getElementById("content");
    if (main && !main.contains(document.activeElement)) main.focus({ preventScroll: true });
  }, [route.board, route.view, route.post]);
  const me = useMe();
  const here = useHere(route, board);
  const roles = useRoles(here);
  const member = me?.boards.some((b) => b.id === here.id);
  if (route.view === "settings") return <SettingsView />;
  if (route.view === "join") return <JoinMore />;
  if (route.view === "known") return <Known />;
  if (me?.operator && (route.view === "first" || (me.boards.length === 0 && route.view === "board"))) return <First />;
  if (route.view === "device") return <DeviceView />;
  if (route.view === "boards") return <Boards />;
  if (me && (me.boards.length === 0 || (member && roles.length > 0 && roles.every((r) => r === "observer")))) return <Outside board={here.id} />;
  if (noBoard && route.view === "board") return <Boards />;
  if (!board && missing) return <Missing why={missing} />;
  if (!board) return <p className="quiet">{t("board.opening")}</p>;
  switch (route.view) {
    case "new":
      return <NewPost />;
    case "edit":
      return <EditPost key={route.post} id={route.post} />;
    case "post":
      return <PostView key={route.post} id={route.post} />;
    case "mine":
      return <Mine />;
    case "owner":
      return <Owner place={route.post} />;
    case "claim":
      return <Claim key={route.post} post={route.post} />;
    case "about":
      return <About />;
    default:
      return (
        <>
          <UpdateHint />
          <DemoBanner />
          <InstallHint />
          <BoardList key={board.id} />
        </>
      );
  }
}

/** The board is neither here nor at the server, or the server cannot be reached: it opens by itself when that changes. */
function Missing({ why }: { why: App["missing"] }) {
  const { t } = useT();
  return (
    <div className="stack page">
      <h1>{t(why === "unknown" ? "board.unknownTitle" : "board.awayTitle")}</h1>
      <p>{t(why === "unknown" ? "board.unknown" : "board.waiting")}</p>
      <div>
        <ButtonLink icon="boards" href={format({ view: "boards" })}>
          {t("nav.boards")}
        </ButtonLink>
      </div>
    </div>
  );
}

function Head({ board, route }: { board: Board | null; route: Route }) {
  return (
    <header className="head">
      {board && <DemoStrip board={board} />}
      <div className="head-row">
        {board ? <Title board={board} /> : <p className="head-title">Tavle</p>}
        <Dock route={route} board={board} />
      </div>
      <div className="head-state">
        <StateLine />
      </div>
      <Skyline />
    </header>
  );
}

function DemoStrip({ board }: { board: Board }) {
  const { t } = useT();
  if (!useObservable(board.info).demo) return null;
  return (
    <p className="demo-strip no-print">
      <span>{t("board.demo")}</span>
    </p>
  );
}

function Title({ board }: { board: Board }) {
  const info = useObservable(board.info);
  return (
    <a className="head-title" href={format({ board: board.id })}>
      {info.title}
    </a>
  );
}

const places: { view: Route["view"]; icon: IconName; key: "nav.board" | "nav.mineShort" | "nav.more" }[] = [
  { view: "board", icon: "board", key: "nav.board" },
  { view: "mine", icon: "person", key: "nav.mineShort" },
  { view: "settings", icon: "more", key: "nav.more" },
];

function Dock({ route, board }: { route: Route; board: Board | null }) {
  const { t } = useT();
  const may = useMay(useHere(route, board));
  // Who writes nothing has nothing of their own, and what a role may not do is not offered.
  const shown = places.filter((p) => p.view !== "mine" || may("editPost"));
  return (
    <nav className="dock no-print" aria-label={t("nav.label")}>
      {shown.map((p) => (
        <a key={p.view} className="dock-place" href={format({ board: route.board, view: p.view })} aria-current={route.view === p.view ? "page" : undefined}>
          <Icon name={p.icon} size="1.5em" />
          <span>{t(p.key)}</span>
        </a>
      ))}
      {/* While one writes there is nothing to begin. */}
      {route.view !== "new" && may("post") && <ButtonLink className="dock-new" tone="primary" icon="add" href={format({ board: route.board, view: "new" })}>
        {t("nav.new")}
      </ButtonLink>}
    </nav>
  );
}

import { useEffect } from "react";
import { AppProvider, useApp, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { format, type Route, useRoute } from "../../app/route";
import { Banner } from "../../components/banner";
import { ButtonLink } from "../../components/button";
import { Skyline } from "../../components/skyline";
import { StateLine } from "../../components/state";
import { Toasts } from "../../components/toast";
import { Icon, type IconName } from "../../design/icon";
import type { Board } from "../../sdk";
import { BoardList } from "../board-list/view";
import "./style.css";

/** The phone: one head, one view by the address, one dock. */
export default function Phone() {
  const route = useRoute();
  return (
    <AppProvider wanted={route.board} origin="phone">
      <Frame route={route} />
    </AppProvider>
  );
}

function Frame({ route }: { route: Route }) {
  const { t } = useT();
  const { board, noBoard, failure } = useApp();
  return (
    <>
      <a className="skip" href="#content" onClick={(e) => { e.preventDefault(); document.getElementById("content")?.focus(); }}>
        {t("app.skip")}
      </a>
      <Head board={board} route={route} />
      {failure && (
        <Banner tone="bad" icon="warning">
          {t("device.cannot", { reason: failure })}
        </Banner>
      )}
      <main id="content" tabIndex={-1} className="content">
        {board ? <View route={route} /> : noBoard ? <p>{t("boards.none")}</p> : <p className="quiet">{t("board.opening")}</p>}
      </main>
      <Toasts />
    </>
  );
}

function View({ route }: { route: Route }) {
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [route.view, route.post]);
  return <BoardList />;
}

function Head({ board, route }: { board: Board | null; route: Route }) {
  return (
    <header className="head">
      <div className="head-row">
        {board ? <Title board={board} /> : <p className="head-title">Tavle</p>}
        <Dock route={route} />
      </div>
      <div className="head-state">
        <StateLine />
      </div>
      <Skyline />
    </header>
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

const places: { view: Route["view"]; icon: IconName; key: "nav.board" | "nav.mine" | "nav.more" }[] = [
  { view: "board", icon: "board", key: "nav.board" },
  { view: "mine", icon: "person", key: "nav.mine" },
  { view: "settings", icon: "more", key: "nav.more" },
];

function Dock({ route }: { route: Route }) {
  const { t } = useT();
  return (
    <nav className="dock no-print" aria-label={t("nav.label")}>
      {places.map((p) => (
        <a key={p.view} className="dock-place" href={format({ board: route.board, view: p.view })} aria-current={route.view === p.view ? "page" : undefined}>
          <Icon name={p.icon} size="1.5em" />
          <span>{t(p.key)}</span>
        </a>
      ))}
      <ButtonLink className="dock-new" tone="primary" icon="add" href={format({ board: route.board, view: "new" })}>
        {t("nav.new")}
      </ButtonLink>
    </nav>
  );
}

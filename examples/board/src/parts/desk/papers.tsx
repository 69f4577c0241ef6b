import { useBoard, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { Button } from "../../components/button";
import { useNotePoster } from "../join/member";
import { linkTo } from "../kiosk/post";
import { Preview, usePrinter } from "../print/paper";
import { Poster } from "../print/poster";
import { newPoster } from "../print/poster-link";
import { WeekSheet } from "../print/sheet";
import { rememberPoster } from "./memory";

/** The number of the poster on the screen, which nobody can scan there. */
const PREVIEW = "000000000000";

/** Paper for the stairwell: the sheet of the week, and the poster. In the language of the desk. */
export function Papers() {
  const { t } = useT();
  const board = useBoard();
  const posts = useObservable(board.posts);
  const info = useObservable(board.info);
  const { print, roll } = usePrinter();
  const note = useNotePoster(board);
  const link = linkTo(board);
  const week = <WeekSheet posts={posts} info={info} link={link} now={Date.now()} />;
  const poster = (number: string) => <Poster info={info} board={board.id} poster={number} />;
  const printPoster = () => {
    const number = newPoster();
    rememberPoster(number, "", Date.now());
    note(number, t("desk.posterBoard"));
    print(poster(number));
  };
  return (
    <div className="stack">
      <h1>{t("desk.papers")}</h1>
      <p className="quiet">{t("desk.papersHow")}</p>
      <div className="papers">
        <section className="stack">
          <h2>{t("desk.week")}</h2>
          <div><Button tone="primary" icon="print" onClick={() => print(week)}>{t("desk.printWeek")}</Button></div>
          <Preview label={t("desk.week")}>{week}</Preview>
        </section>
        <section className="stack">
          <h2>{t("desk.poster")}</h2>
          <div><Button icon="print" onClick={printPoster}>{t("desk.printPoster")}</Button></div>
          <Preview label={t("desk.poster")}>{poster(PREVIEW)}</Preview>
        </section>
      </div>
      {roll}
    </div>
  );
}

import { useT } from "../../app/i18n";
import { Button } from "../../components/button";
import { Sheet } from "../../components/dialog";
import type { Board, BoardInfo } from "@tavle/client";
import { usePrinter } from "../print/paper";
import { Poster } from "../print/poster";
import { newPoster } from "../print/poster-link";

/** Help, from the same place on every screen: how it works, the rules, whom to call, and what this screen keeps. */
export function Help({ open, info, board, onClose }: { open: boolean; info: BoardInfo; board: Board; onClose: () => void }) {
  const { t, language } = useT();
  const { print, roll } = usePrinter();
  const rules = info.houseRules[language] ?? Object.values(info.houseRules)[0];
  return (
    <>
      <Sheet title={t("kiosk.help")} open={open} onClose={onClose}>
        <ol className="kiosk-steps">
          <li>{t("kiosk.help.read")}</li>
          <li>{t("kiosk.help.write")}</li>
          <li>{t("kiosk.help.answer")}</li>
        </ol>
        <p><strong>{t("kiosk.help.private")}</strong> {t("kiosk.help.time")}</p>
        {info.contacts.length > 0 && (
          <section className="stack-s">
            <h3>{t("about.contacts")}</h3>
            <ul className="stack-s">
              {info.contacts.map((c) => <li key={c.id}><strong>{c.name}</strong> {c.phone}{c.hours && ` · ${c.hours}`}{c.note && ` · ${c.note}`}</li>)}
            </ul>
          </section>
        )}
        {rules && (
          <section className="stack-s">
            <h3>{t("about.rules")}</h3>
            <p className="prose">{rules}</p>
          </section>
        )}
        {info.controller && <p className="quiet small">{t("about.controller", { name: info.controller })}</p>}
        <div className="row">
          <Button icon="print" onClick={() => print(<Poster info={info} board={board.id} poster={newPoster()} />)}>{t("kiosk.poster")}</Button>
          <Button tone="primary" onClick={onClose}>{t("do.close")}</Button>
        </div>
      </Sheet>
      {roll}
    </>
  );
}

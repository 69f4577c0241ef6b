import { type MessageKey, useT } from "../../app/i18n";
import { KindSeal } from "../../components/kind";
import { Qr } from "../../components/qr";
import type { BoardInfo } from "@tavle/client";

const shown = ["request", "offer", "item", "companion", "event", "lostFound"] as const;

/** The poster for the stairwell and the laundry: what the board is, and the way to it. One A4. */
export function Poster({ info, link }: { info: BoardInfo; link: string }) {
  const { t } = useT();
  return (
    <section className="sheet-a4 poster">
      <p className="poster-board">{info.title}</p>
      <h1>{t("print.poster.title")}</h1>
      <ul className="poster-kinds">
        {shown.map((kind) => (
          <li key={kind}>
            <KindSeal kind={kind} size="1.6em" /> {t(`print.poster.${kind}` as MessageKey)}
          </li>
        ))}
      </ul>
      <div className="poster-way">
        <Qr text={link} label={t("print.qr")} />
        <ol>
          <li>{t("print.poster.scan")}</li>
          <li>{info.place ? t("print.poster.kioskAt", { place: info.place }) : t("print.poster.kiosk")}</li>
          <li>{t("print.poster.desk")}</li>
        </ol>
      </div>
      <footer>
        <p>{t("print.poster.free")}</p>
        <p className="slip-small">{info.controller}</p>
      </footer>
    </section>
  );
}

import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { numbered } from "../print/poster-link";
import { Answer } from "./asked";
import { type Poster, useAsked, useBoardCalls } from "./calls";

/** How often each printed poster was scanned. */
export function PostersView() {
  const { t } = useT();
  const board = useBoard();
  const { get } = useBoardCalls(board.id);
  const asked = useAsked<Poster[]>(async () => (await get<{ posters: Poster[] }>("posters")).posters, board.id);
  return (
    <>
      <p>{t("posters.lead")}</p>
      <Answer asked={asked}>
        {(posters) =>
          posters.length === 0 ? (
            <p className="owner-panel">{t("posters.none")}</p>
          ) : (
            <table className="owner-table">
              <thead>
                <tr>
                  <th scope="col">{t("posters.poster")}</th>
                  <th scope="col">{t("posters.number")}</th>
                  <th scope="col" className="number">{t("posters.scans")}</th>
                </tr>
              </thead>
              <tbody>
                {[...posters].sort((a, b) => b.scans - a.scans).map((p) => (
                  <tr key={p.poster}>
                    <th scope="row">{p.label || t("posters.unnamed")}</th>
                    <td>{numbered(p.poster)}</td>
                    <td className="number">{p.scans}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Answer>
    </>
  );
}

import { useState } from "react";
import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { Button } from "../../components/button";
import { Sheet } from "../../components/dialog";
import { TextField } from "../../components/field";
import { say } from "../../components/toast";
import { problemWords } from "../join/problem";
import { numbered } from "../print/poster-link";
import { Answer } from "./asked";
import { type Poster, useAsked, useBoardCalls } from "./calls";

/** How often each printed poster was scanned, what it is called, and a way to be rid of it. */
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
                {[...posters].sort((a, b) => b.scans - a.scans).map((p) => <Row key={p.poster} poster={p} onChange={asked.again} />)}
              </tbody>
            </table>
          )
        }
      </Answer>
    </>
  );
}

function Row({ poster, onChange }: { poster: Poster; onChange: () => void }) {
  const { t } = useT();
  const board = useBoard();
  const { post } = useBoardCalls(board.id);
  const [open, setOpen] = useState(false);
  const [label, setLabel] = useState(poster.label);
  const name = poster.label || t("posters.unnamed");
  const number = numbered(poster.poster);
  const attempt = (what: Promise<unknown>, said: string) =>
    what.then(
      () => {
        say(said);
        onChange();
        setOpen(false);
      },
      (err: unknown) => say(problemWords(t, err)),
    );
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <div className="stack-s">
          {number}
          <Button tone="quiet" aria-label={`${t("posters.change")}: ${name}, ${number}`} onClick={() => setOpen(true)}>{t("posters.change")}</Button>
        </div>
        <Sheet title={name} open={open} onClose={() => setOpen(false)}>
          <form className="stack" onSubmit={(e) => { e.preventDefault(); void attempt(post("posters", { poster: poster.poster, label: label.trim() }), t("owner.renamed")); }}>
            <TextField label={t("posters.label")} hint={t("posters.labelHint")} value={label} maxLength={60} autoComplete="off" onChange={(e) => setLabel(e.target.value)} />
            <div><Button type="submit" tone="primary">{t("do.save")}</Button></div>
          </form>
          <p>{t("posters.removeMeans")}</p>
          <div>
            <Button tone="danger" icon="remove" onClick={() => void attempt(post(`posters/${poster.poster}/remove`), t("posters.removed", { name }))}>{t("posters.remove")}</Button>
          </div>
        </Sheet>
      </td>
      <td className="number">{poster.scans}</td>
    </tr>
  );
}

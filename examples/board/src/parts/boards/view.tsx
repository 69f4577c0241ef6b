import { useState } from "react";
import { type App, useApp, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { format, go } from "../../app/route";
import { Button, ButtonLink } from "../../components/button";
import { TextField } from "../../components/field";
import { say } from "../../components/toast";
import type { Board } from "@tavle/client";
import { useMe, useMembership } from "../join/member";
import { linkTo, ShareWays } from "../share/view";
import { boardIn } from "./link";

/** The boards of this device: change between them, open one by its link, start one, share the one that is open. */
export function Boards() {
  const { t } = useT();
  const { client, board } = useApp();
  const member = useMembership() !== null;
  const me = useMe();
  return (
    <div className="stack page page-wide">
      <h1>{t("nav.boards")}</h1>
      {client && <List client={client} now={board} />}
      {member ? <More operator={me?.operator === true} /> : <OpenForm />}
      {board && (
        <section className="stack panel" aria-labelledby="board-share">
          <h2 id="board-share">{t("boards.share")}</h2>
          {member && <p>{t("boards.shareMembers")}</p>}
          <ShareBoard board={board} />
        </section>
      )}
      {client && !member && <CreateForm client={client} />}
    </div>
  );
}

/** Where boards have members, one comes in with a code; who runs the server starts one there. */
function More({ operator }: { operator: boolean }) {
  const { t } = useT();
  return (
    <section className="stack panel" aria-labelledby="boards-join">
      <h2 id="boards-join">{t("boards.add")}</h2>
      <p>{t("boards.joinHint")}</p>
      <div className="row">
        <ButtonLink icon="add" href={format({ view: "join" })}>
          {t("boards.join")}
        </ButtonLink>
        {operator && (
          <ButtonLink icon="board" href={format({ view: "first" })}>
            {t("boards.create")}
          </ButtonLink>
        )}
      </div>
    </section>
  );
}

function ShareBoard({ board }: { board: Board }) {
  const info = useObservable(board.info);
  return <ShareWays title={info.title} text={info.title} link={linkTo(board.id)} />;
}

function List({ client, now }: { client: NonNullable<App["client"]>; now: Board | null }) {
  const { t } = useT();
  const boards = useObservable(client.boards);
  if (boards.length === 0) return <p>{t("boards.none")}</p>;
  return (
    <ul className="list">
      {boards.map((b) => (
        <li key={b.id} className="list-item">
          <strong className="grow">{b.title || b.id}</strong>
          {b.id === now?.id ? (
            <span className="stamp">{t("boards.this")}</span>
          ) : (
            <ButtonLink href={format({ board: b.id })}>{t("boards.open")}</ButtonLink>
          )}
        </li>
      ))}
    </ul>
  );
}

function OpenForm() {
  const { t } = useT();
  const [link, setLink] = useState("");
  const [wrong, setWrong] = useState(false);
  return (
    <form
      className="stack panel"
      onSubmit={(e) => {
        e.preventDefault();
        const id = boardIn(link);
        setWrong(!id);
        if (id) go({ board: id, view: "board" });
      }}
    >
      <h2>{t("boards.add")}</h2>
      <TextField
        label={t("boards.link")}
        hint={t("boards.linkHint")}
        value={link}
        autoComplete="off"
        inputMode="url"
        onChange={(e) => setLink(e.target.value)}
        error={wrong ? t("boards.badLink") : undefined}
      />
      <div>
        <Button type="submit">{t("boards.open")}</Button>
      </div>
    </form>
  );
}

function CreateForm({ client }: { client: NonNullable<App["client"]> }) {
  const { t, language } = useT();
  const [title, setTitle] = useState("");
  const create = async () => {
    if (!title.trim()) return;
    try {
      const board = await client.createBoard({ title: title.trim(), languages: [language] });
      go({ board: board.id, view: "board" });
    } catch (err) {
      say(t("form.failed", { reason: String(err) }));
    }
  };
  return (
    <details className="panel">
      <summary>{t("boards.create")}</summary>
      <form
        className="stack"
        onSubmit={(e) => {
          e.preventDefault();
          void create();
        }}
      >
        <TextField label={t("boards.name")} hint={t("boards.createHint")} value={title} maxLength={60} autoComplete="off" onChange={(e) => setTitle(e.target.value)} />
        <div>
          <Button type="submit">{t("boards.create")}</Button>
        </div>
      </form>
    </details>
  );
}

import { useLayoutEffect, useRef, useState } from "react";
import { parseCode } from "@tavle/client";
import { useBoard, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { TextField } from "../../components/field";
import { Icon } from "../../design/icon";
import { PostCard, useArrows } from "./card";
import { Offers } from "./offers";

/** The longest code, with room for blanks and hyphens. */
const CODE_MAX = 12;

/** The post whose code somebody says: a neighbour's, or one that was written at a kiosk, which nobody else can look after. */
export function Find() {
  const { t } = useT();
  const board = useBoard();
  useObservable(board.posts);
  const [code, setCode] = useState("");
  const field = useRef<HTMLDivElement>(null);
  const found = board.byCode(code).filter((p) => !p.removed);
  useArrows();
  useLayoutEffect(() => field.current?.querySelector("input")?.focus(), []);
  return (
    <div className="stack">
      <h1>{t("desk.find")}</h1>
      <div className="desk-find" role="search" ref={field}>
        <TextField label={t("desk.findCode")} hint={t("desk.findHow")} value={code} maxLength={CODE_MAX} autoComplete="off" autoCapitalize="characters" spellCheck={false} onChange={(e) => setCode(e.target.value)} />
      </div>
      <p role="status">{parseCode(code) && found.length === 0 ? t("desk.notFound") : ""}</p>
      <ul className="desk-list">
        {found.map((post) => (
          <li key={post.id}>
            <PostCard post={post} side={post.origin === "kiosk" && <span className="fact"><Icon name="board" /> {t("desk.atKiosk")}</span>}>
              <Offers post={post} fresh={[]} />
            </PostCard>
          </li>
        ))}
      </ul>
    </div>
  );
}

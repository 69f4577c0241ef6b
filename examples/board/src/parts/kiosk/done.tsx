import { useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { Button } from "../../components/button";
import { Qr } from "../../components/qr";
import { DeliveryMark } from "../../components/state";
import { Icon } from "../../design/icon";
import type { Board, BoardInfo } from "@tavle/client";
import { usePrinter } from "../print/paper";
import { TakeAlongSlip } from "../print/slip";
import { linkTo } from "./post";

export interface Sent {
  what: "post" | "reply" | "help";
  /** The post that it is, or that it answers. */
  id: string;
  /** Its own id. */
  entry: string;
}

/** What has become of it, honestly: on this device, waiting, or on the board. And how to find it again without an account. */
export function Done({ board, info, sent, onOpen }: { board: Board; info: BoardInfo; sent: Sent; onOpen: (id: string) => void }) {
  const { t } = useT();
  const posts = useObservable(board.posts);
  const { print, roll } = usePrinter();
  const post = posts.find((p) => p.id === sent.id);
  const own = post && [post, ...post.replies, ...post.offers].find((x) => x.id === sent.entry);
  if (!own) return <h1 className="screen-reader">{t("kiosk.notTaken")}</h1>;
  const { delivery } = own;
  const unsaved = delivery === "unsaved";
  const link = linkTo(board, post.id);
  return (
    <div className="kiosk-done">
      <h1><Icon name={unsaved ? "warning" : "check"} size="1.1em" /> {t(unsaved ? "kiosk.unsaved" : "kiosk.thanks")}</h1>
      <p className="kiosk-done-state"><DeliveryMark delivery={delivery} /></p>
      <p>{t(delivery === "board" ? "kiosk.doneBoard" : unsaved ? "kiosk.doneUnsaved" : "kiosk.doneWaits")}</p>
      <div className="kiosk-done-take">
        <Qr text={link} label={t("share.qr")} />
        <div className="stack">
          <p>{t("kiosk.code")}</p>
          <p className="kiosk-slip-code">{post.code}</p>
          <p>{t("kiosk.doneHow")}</p>
        </div>
      </div>
      <div className="kiosk-write-acts">
        <Button large icon="print" onClick={() => print(<TakeAlongSlip post={post} info={info} link={link} />)}>{t("kiosk.print")}</Button>
        <Button large icon="forward" onClick={() => onOpen(post.id)}>{t("kiosk.see")}</Button>
      </div>
      {roll}
    </div>
  );
}

import { useState } from "react";
import { useBoard, useObservable } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { ago, day } from "../../app/time";
import { Button } from "../../components/button";
import { Choice } from "../../components/choice";
import { KindTab } from "../../components/kind";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import { usePrinter } from "../print/paper";
import { NeighbourSlip } from "../print/slip";
import { foundElsewhere } from "./close";
import { called, callList, news, type ToCall } from "./lists";
import { calls as remembered, rememberCalls } from "./memory";

/** Whom to tell what. The tick stays on this device. */
export function CallList() {
  const { t } = useT();
  const board = useBoard();
  const posts = useObservable(board.posts);
  const [calls, setCalls] = useState(remembered);
  const [whose, setWhose] = useState<"mine" | "all">(() => (callList(posts, calls, true).length > 0 ? "mine" : "all"));
  const list = callList(posts, calls, whose === "mine");
  const set = (all: typeof calls) => {
    setCalls(all);
    rememberCalls(all);
  };
  const tick = (item: ToCall) => {
    const before = calls;
    set(called(calls, item.post, Date.now()));
    say(t("desk.calledSaid", { code: item.post.code.toUpperCase() }), () => set(before));
  };
  return (
    <div className="stack">
      <div className="desk-head-row">
        <h1>{t("desk.calls")}</h1>
        <Choice label={t("desk.whose")} hideLabel value={whose} onChange={setWhose} options={[{ value: "mine", label: t("desk.mine") }, { value: "all", label: t("desk.all") }]} />
      </div>
      {list.length === 0 && <p className="desk-empty">{t("desk.noCalls")}</p>}
      <ul className="desk-list">{list.map((item) => <li key={item.post.id}><Neighbour item={item} onTick={() => tick(item)} /></li>)}</ul>
    </div>
  );
}

function Neighbour({ item, onTick }: { item: ToCall; onTick: () => void }) {
  const { t, language } = useT();
  const board = useBoard();
  const info = useObservable(board.info);
  const { print, roll } = usePrinter();
  const { post } = item;
  const by = post.proxy?.callBackBy ?? "phone";
  return (
    <article className="desk-card" data-kind={post.kind} data-news={news(item) > 0}>
      <div className="desk-card-code">
        <strong className="code">{post.code}</strong>
        <span className="fact"><Icon name={by === "phone" ? "phone" : by === "visit" ? "person" : "edit"} /> {t(`desk.callBack.${by}` as MessageKey)}</span>
      </div>
      <div className="stack-s grow">
        <p><KindTab kind={post.kind} /></p>
        <h2 lang={post.lang}>{post.title}</h2>
        <p className="quiet small">
          {item.calledAt ? t("desk.calledAgo", { ago: ago(language, item.calledAt) }) : t("desk.notCalled")}
          {post.proxy?.permittedUntil && ` · ${t("desk.permittedUntil", { day: day(language, post.proxy.permittedUntil) })}`}
        </p>
        {news(item) > 0 ? (
          <ul className="desk-news">
            {item.offers.map((o) => <li key={o.id}><Icon name="offer" /> <span><strong>{t("desk.canHelp", { author: o.author })}</strong> {o.message}</span></li>)}
            {item.replies.map((r) => <li key={r.id}><Icon name="reply" /> <span><strong>{r.author}:</strong> {r.body}</span></li>)}
          </ul>
        ) : (
          <p>{t(post.state === "closed" ? "desk.tellClosed" : "desk.nothingNew")}</p>
        )}
        <div className="row">
          <Button tone={news(item) > 0 ? "primary" : "plain"} icon="check" onClick={onTick}>{t("desk.called")}</Button>
          <Button icon="print" onClick={() => print(<NeighbourSlip post={post} info={info} />)}>{t("desk.printSlip")}</Button>
          {post.state !== "closed" && <Button icon="people" onClick={() => void foundElsewhere(board, post, t)}>{t("desk.foundElsewhere")}</Button>}
        </div>
      </div>
      {roll}
    </article>
  );
}

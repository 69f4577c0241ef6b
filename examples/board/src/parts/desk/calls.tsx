import { useState } from "react";
import { useApp, useBoard, useObservable } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { ago } from "../../app/time";
import { Choice } from "../../components/choice";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import { PostCard, useArrows } from "./card";
import { called, callList, isHandedOver, news, type ToCall, type Whose } from "./lists";
import { calls as remembered, rememberCalls } from "./memory";
import { Offers } from "./offers";

const WHOSE: readonly Whose[] = ["mine", "all", "ended"];

/** Whom to tell what. The tick stays on this device. */
export function CallList() {
  const { t } = useT();
  const board = useBoard();
  const here = useApp().client?.device.get().ref ?? "";
  const posts = useObservable(board.posts);
  const [calls, setCalls] = useState(remembered);
  const [whose, setWhose] = useState<Whose>(() => (callList(posts, calls, "mine", here).length > 0 ? "mine" : "all"));
  const list = callList(posts, calls, whose, here);
  useArrows();
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
        <Choice label={t("desk.whose")} hideLabel value={whose} onChange={setWhose} options={WHOSE.map((value) => ({ value, label: t(`desk.${value}` as MessageKey) }))} />
      </div>
      {list.length === 0 ? <p className="desk-empty">{t(whose === "ended" ? "desk.noEnded" : "desk.noCalls")}</p> : <p className="quiet small desk-how">{t("desk.arrows")}</p>}
      <ul className="desk-list">{list.map((item) => <li key={item.post.id}><Neighbour item={item} onTick={() => tick(item)} /></li>)}</ul>
    </div>
  );
}

function Neighbour({ item, onTick }: { item: ToCall; onTick: () => void }) {
  const { t, language } = useT();
  const { post } = item;
  const by = post.proxy?.callBackBy ?? "phone";
  const something = item.toTell && news(item) > 0;
  return (
    <PostCard
      post={post}
      news={something}
      first={item.toTell ? { key: "t", word: "desk.called", icon: "check", run: onTick, primary: something } : undefined}
      side={<span className="fact"><Icon name={by === "phone" ? "phone" : by === "visit" ? "person" : "edit"} /> {t(`desk.callBack.${by}` as MessageKey)}</span>}
    >
      {(item.toTell || item.calledAt > 0) && <p className="quiet small">{item.calledAt ? t("desk.calledAgo", { ago: ago(language, item.calledAt) }) : t("desk.notCalled")}</p>}
      {item.replies.length > 0 && (
        <ul className="desk-news">
          {item.replies.map((r) => <li key={r.id}><Icon name="reply" /> <span><strong>{r.author}:</strong> {r.body}</span></li>)}
        </ul>
      )}
      {!something && item.toTell && <p>{t(isHandedOver(post) ? "desk.tellHandedOver" : post.state === "closed" ? "desk.tellClosed" : "desk.nothingNew")}</p>}
      <Offers post={post} fresh={item.offers.map((o) => o.id)} />
    </PostCard>
  );
}

import { useState } from "react";
import { decodeChange } from "@automerge/automerge/slim";
import { useBoard } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { ago } from "../../app/time";
import { Button } from "../../components/button";
import { say } from "../../components/toast";
import { useRoles } from "../join/member";
import { problemWords } from "../join/problem";
import { REASONS } from "../refusals/reasons";
import { Answer } from "./asked";
import { type Device, type Refused, useAsked, useBoardCalls } from "./calls";
import { textsOf } from "./texts";

interface Review {
  items: Refused[];
  devices: Device[];
}

/** What the server did not take, and what a device that was shut out had not sent: kept here until somebody has looked at it. */
export function QuarantineView() {
  const { t } = useT();
  const board = useBoard();
  const roles = useRoles(board);
  const { get } = useBoardCalls(board.id);
  const steward = roles.includes("owner") || roles.includes("deputy");
  const asked = useAsked<Review>(async () => {
    const [{ items }, { devices }] = await Promise.all([get<{ items: Refused[] }>("quarantine"), steward ? get<{ devices: Device[] }>("devices") : { devices: [] }]);
    return { items, devices };
  }, `${board.id} ${steward}`);
  return (
    <>
      <p>{t("refused.lead")}</p>
      <Answer asked={asked}>
        {({ items, devices }) =>
          items.length === 0 ? (
            <p className="owner-panel">{t("refused.none")}</p>
          ) : (
            <ul className="member-list">
              {[...items].sort((a, b) => b.at - a.at).map((i) => <Item key={i.id} item={i} device={devices.find((d) => d.id === i.device)} onChange={asked.again} />)}
            </ul>
          )
        }
      </Answer>
    </>
  );
}

function Item({ item, device, onChange }: { item: Refused; device: Device | undefined; onChange: () => void }) {
  const { t, language } = useT();
  const board = useBoard();
  const { get, post } = useBoardCalls(board.id);
  const [texts, setTexts] = useState<string[] | null>(null);
  const show = async () => {
    try {
      const { changes } = await get<{ changes: string[] }>(`quarantine/${item.id}`);
      setTexts(textsOf(changes.map(bytesOf), decodeChange));
    } catch (err) {
      say(problemWords(t, err));
    }
  };
  const remove = () =>
    post(`quarantine/${item.id}/delete`).then(
      () => {
        say(t("refused.deleted"));
        onChange();
      },
      (err: unknown) => say(problemWords(t, err)),
    );
  const who = [device?.memberLabel, device?.label].filter(Boolean).join(", ") || t("refused.unknownDevice", { device: item.device.slice(0, 6) });
  return (
    <li className="owner-panel stack-s">
      <h2>{t("refused.from", { who })}</h2>
      <p className="quiet small">{ago(language, item.at)}</p>
      <p className="strong">{item.reason === "unsent" ? t("refused.unsent") : REASONS.has(item.reason) ? t(`reason.${item.reason}` as MessageKey) : t("reason.other", { reason: item.reason })}</p>
      {texts && (
        <div className="refused-texts">
          {texts.length === 0 ? <p className="quiet">{t("refused.noText")}</p> : texts.map((text, i) => <blockquote key={`${i}${text}`} className="prose">{text}</blockquote>)}
        </div>
      )}
      <div className="row">
        {item.dropped ? <p className="quiet">{t("refused.dropped")}</p> : !texts && <Button onClick={() => void show()}>{t("refused.show")}</Button>}
        <Button tone="danger" icon="remove" onClick={() => void remove()}>{t("refused.delete")}</Button>
      </div>
    </li>
  );
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

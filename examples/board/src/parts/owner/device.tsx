import { useState } from "react";
import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { Button } from "../../components/button";
import { Sheet } from "../../components/dialog";
import { TextField } from "../../components/field";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import { useMe } from "../join/member";
import { problemWords } from "../join/problem";
import { type Device, useBoardCalls } from "./calls";
import { kindKey, ShutOutMeans, useHealth } from "./health";

/** A device with its health, and what can be done about it. */
export function DeviceRow({ device, mayShutOut, onChange }: { device: Device; mayShutOut: boolean; onChange: () => void }) {
  const { t } = useT();
  const me = useMe();
  const board = useBoard();
  const { post } = useBoardCalls(board.id);
  const { sentences, alarm } = useHealth(device);
  const [sheet, setSheet] = useState<"" | "name" | "revoke">("");
  const [label, setLabel] = useState(device.label);
  const self = device.id === me?.device.id;
  const name = device.label || t(kindKey(device.kind));
  const attempt = (what: Promise<unknown>, said: string) =>
    what.then(
      () => {
        say(said);
        onChange();
        setSheet("");
      },
      (err: unknown) => say(problemWords(t, err)),
    );
  return (
    <li className="device" data-revoked={device.revoked ? true : undefined}>
      <Icon name={device.revoked ? "remove" : "device"} />
      <div className="grow">
        <h3>
          {name} <span className="quiet small">{t(kindKey(device.kind))}{self ? ` · ${t("owner.thisDevice")}` : ""}</span>
        </h3>
        <p className={alarm ? "device-alarm" : "quiet small"}>
          {alarm && <Icon name="warning" />} <span>{sentences.join(" · ")}</span>
        </p>
      </div>
      {!device.revoked && (
        <div className="row device-do">
          <Button tone="quiet" onClick={() => setSheet("name")} aria-label={`${t("owner.rename")}: ${name}`}>{t("owner.rename")}</Button>
          {!self && mayShutOut && <Button tone="danger" onClick={() => setSheet("revoke")} aria-label={`${t("owner.shutOut")}: ${name}`}>{t("owner.shutOut")}</Button>}
        </div>
      )}
      <Sheet title={t("owner.rename")} open={sheet === "name"} onClose={() => setSheet("")}>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); void attempt(post(`devices/${device.id}/rename`, { label: label.trim() }), t("owner.renamed")); }}>
          <TextField label={t("join.device")} value={label} maxLength={60} autoComplete="off" onChange={(e) => setLabel(e.target.value)} />
          <div><Button type="submit" tone="primary">{t("do.save")}</Button></div>
        </form>
      </Sheet>
      <Sheet title={t("owner.shutOutTitle", { name })} open={sheet === "revoke"} onClose={() => setSheet("")}>
        <ShutOutMeans />
        <div className="row">
          <Button tone="danger" onClick={() => void attempt(post(`devices/${device.id}/revoke`), t("owner.shutOutDone", { name }))}>{t("owner.shutOutYes")}</Button>
          <Button tone="quiet" onClick={() => setSheet("")}>{t("do.cancel")}</Button>
        </div>
      </Sheet>
    </li>
  );
}

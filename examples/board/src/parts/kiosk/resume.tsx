import { useState } from "react";
import { useT } from "../../app/i18n";
import { Button } from "../../components/button";

const DIGITS = 4;

/** The code under which something was put aside, large, to write down. */
export function Parked({ code }: { code: string }) {
  const { t } = useT();
  return (
    <div className="kiosk-parked">
      <h1>{t("kiosk.parked")}</h1>
      <p className="kiosk-slip-code">{code}</p>
      <p>{t("kiosk.parkedHow")}</p>
    </div>
  );
}

/** Four digits by finger or by key. */
export function Resume({ onCode }: { onCode: (code: string) => "found" | "wrong" | "paused" }) {
  const { t } = useT();
  const [code, setCode] = useState("");
  const [trouble, setTrouble] = useState<"" | "wrong" | "paused">("");
  const press = (digit: string) => {
    const next = (code + digit).slice(0, DIGITS);
    setTrouble("");
    setCode(next);
    if (next.length < DIGITS) return;
    const answer = onCode(next);
    if (answer === "found") return;
    setTrouble(answer);
    setCode("");
  };
  const back = () => setCode(code.slice(0, -1));
  return (
    <div
      className="kiosk-resume"
      onKeyDown={(e) => {
        if (/^[0-9]$/.test(e.key)) {
          e.preventDefault(); // the last digit would land in the text that comes back
          press(e.key);
        } else if (e.key === "Backspace") back();
      }}
    >
      <h1>{t("kiosk.resume")}</h1>
      <p>{t("kiosk.resumeHow")}</p>
      <p className="kiosk-slip-code" aria-live="polite" aria-label={t("kiosk.typed", { n: code.length })}>
        {code.padEnd(DIGITS, "_")}
      </p>
      {trouble && <p className="field-error" role="alert">{t(trouble === "wrong" ? "kiosk.wrongCode" : "kiosk.paused")}</p>}
      <div className="kiosk-pad">
        {["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((d) => <Button key={d} autoFocus={d === "1"} onClick={() => press(d)}>{d}</Button>)}
        <span />
        <Button onClick={() => press("0")}>0</Button>
        <Button icon="back" label={t("kiosk.erase")} onClick={back} />
      </div>
    </div>
  );
}

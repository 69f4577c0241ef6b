import { useEffect, useId, useRef } from "react";
import { useT } from "../../app/i18n";
import { COUNTDOWN } from "./idle";

/** "Do you need more time?", over everything else: any touch or key means yes. */
export function More({ left, onMore, onFinish }: { left: number; onMore: () => void; onFinish: () => void }) {
  const { t } = useT();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const seconds = COUNTDOWN / 1000;
  return (
    <dialog ref={dialog} role="alertdialog" className="sheet-frame kiosk-more" aria-labelledby={id} aria-describedby={`${id}-text`} onCancel={onMore}>
      <div className="sheet">
        <div className="kiosk-more-count" aria-hidden="true">
          <svg viewBox="0 0 44 44">
            <circle cx="22" cy="22" r="20" pathLength={seconds} className="kiosk-more-ring" />
            <circle cx="22" cy="22" r="20" pathLength={seconds} className="kiosk-more-left" strokeDasharray={`${left} ${seconds}`} />
          </svg>
          <span>{left}</span>
        </div>
        <h2 id={id} className="kiosk-more-title">{t("kiosk.more.title")}</h2>
        <p id={`${id}-text`}>{t("kiosk.more.text", { n: seconds })}</p>
        <div className="stack">
          <button type="button" className="button button-primary button-large" autoFocus onClick={onMore}>{t("kiosk.more.yes")}</button>
          <button type="button" className="button button-large" data-finish onClick={onFinish}>{t("kiosk.more.no")}</button>
        </div>
      </div>
    </dialog>
  );
}

import { type ReactNode, useEffect, useId, useRef } from "react";
import { useT } from "../app/i18n";
import { Button } from "./button";

/**
 * A question or a sheet over the page: the browser's own modal dialog. It keeps the focus inside, makes the page behind it inert,
 * closes by Escape, by a press beside it and by its button, and gives the focus back.
 */
export function Sheet(props: { title: string; open: boolean; onClose: () => void; children: ReactNode; dismissable?: boolean }) {
  const { t } = useT();
  const { title, open, onClose, children, dismissable = true } = props;
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      className="sheet-frame"
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        if (dismissable) onClose();
      }}
      onClose={() => {
        if (open) onClose();
      }}
      onClick={(e) => {
        if (dismissable && e.target === dialog.current) onClose();
      }}
    >
      {open && (
        <div className="sheet">
          <div className="sheet-head">
            <h2 id={id} className="sheet-title">
              {title}
            </h2>
            {dismissable && <Button tone="quiet" icon="close" label={t("do.close")} onClick={onClose} />}
          </div>
          {children}
        </div>
      )}
    </dialog>
  );
}

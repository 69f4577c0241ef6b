import type { ReactNode } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useT } from "../app/i18n";
import { Button } from "./button";

/** A question or a sheet over the page: keeps the focus inside, closes by Escape and by its own button, gives the focus back. */
export function Sheet(props: { title: string; open: boolean; onClose: () => void; children: ReactNode; dismissable?: boolean }) {
  const { t } = useT();
  return (
    <ModalOverlay
      className="veil"
      isOpen={props.open}
      isDismissable={props.dismissable ?? true}
      onOpenChange={(open) => {
        if (!open) props.onClose();
      }}
    >
      <Modal className="sheet-frame">
        <Dialog className="sheet">
          <div className="sheet-head">
            <Heading slot="title" className="sheet-title">
              {props.title}
            </Heading>
            <Button tone="quiet" icon="close" label={t("do.close")} onClick={props.onClose} />
          </div>
          {props.children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

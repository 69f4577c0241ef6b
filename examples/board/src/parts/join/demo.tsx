import { useState } from "react";
import { useT } from "../../app/i18n";
import { Banner } from "../../components/banner";
import { Button } from "../../components/button";
import { useMe } from "./member";

const DEMO_SEEN = "tavle.demo.seen";

/** Once a visit: this is a demo on this machine, and whoever opens it is one of its owners. */
export function DemoBanner() {
  const { t } = useT();
  const me = useMe();
  const [closed, setClosed] = useState(() => sessionStorage.getItem(DEMO_SEEN) !== null);
  if (closed || !me?.boards.some((b) => b.demo)) return null;
  const close = () => {
    sessionStorage.setItem(DEMO_SEEN, "1");
    setClosed(true);
  };
  return (
    <Banner icon="info">
      <div className="closable">
        <p className="grow">{t("demo.banner")}</p>
        <Button tone="quiet" icon="close" label={t("do.close")} onClick={close} />
      </div>
    </Banner>
  );
}

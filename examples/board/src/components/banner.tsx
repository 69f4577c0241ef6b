import type { ReactNode } from "react";
import { Icon, type IconName } from "../design/icon";

/** Something that holds for the whole page. "bad" is read out at once, the others when there is a pause. */
export function Banner({ tone = "calm", icon = "info", children }: { tone?: "calm" | "warn" | "bad"; icon?: IconName; children: ReactNode }) {
  return (
    <div className={`banner banner-${tone} no-print`} role={tone === "bad" ? "alert" : "note"}>
      <Icon name={icon} size="1.5em" />
      <div className="grow">{children}</div>
    </div>
  );
}

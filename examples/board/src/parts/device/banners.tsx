/** What concerns the whole device, on every view of phone and desk: its storage, its standing with the server, and what was refused. */
import { Suspense } from "react";
import { type App, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { format } from "../../app/route";
import { Banner } from "../../components/banner";
import { Button, ButtonLink } from "../../components/button";
import { later } from "../../components/later";
import { useUnknown } from "../join/member";

const Refusals = later(() => import("../refusals/view"), true);

export function DeviceBanners({ client }: { client: NonNullable<App["client"]> }) {
  return (
    <>
      <Kept client={client} />
      <Standing />
      <Refused client={client} />
    </>
  );
}

/** What the device did to our storage: thrown away, or cannot write. Said at once. */
function Kept({ client }: { client: NonNullable<App["client"]> }) {
  const { t } = useT();
  const device = useObservable(client.device);
  return (
    <>
      {device.failing && (
        <Banner tone="bad" icon="warning">
          {t("device.failing", { reason: String(device.failing) })}
        </Banner>
      )}
      {device.evicted && (
        <Banner tone="warn" icon="warning">
          <div className="stack-s">
            <p>{t("device.evicted")}</p>
            <div>
              <Button onClick={() => client.acknowledgeEviction()}>{t("do.understood")}</Button>
            </div>
          </div>
        </Banner>
      )}
    </>
  );
}

/** The server does not know this device any more: nothing is lost here, but nothing goes anywhere. */
function Standing() {
  const { t } = useT();
  if (!useUnknown()) return null;
  return (
    <Banner tone="warn" icon="warning">
      <div className="stack-s">
        <p>{t("standing.unknown")}</p>
        <div>
          <ButtonLink href={`/${format({ view: "join" })}`}>{t("boards.join")}</ButtonLink>
        </div>
      </div>
    </Banner>
  );
}

/** What was written here and refused, until the person has seen it. */
function Refused({ client }: { client: NonNullable<App["client"]> }) {
  if (useObservable(client.refusals).length === 0) return null;
  return (
    <Suspense fallback={null}>
      <Refusals client={client} />
    </Suspense>
  );
}

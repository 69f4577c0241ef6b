import { loadMessages, useT } from "../../app/i18n";
import { go } from "../../app/route";
import { settings } from "../../app/settings";
import { JoinForm } from "./view";

await loadMessages(settings().language, "member.");

/** One more board, with a code, for a device that belongs already. */
export default function JoinMore() {
  const { t } = useT();
  return (
    <div className="stack page">
      <h1>{t("join.more")}</h1>
      <JoinForm page="phone" code={null} reached onIn={() => go({ board: "", view: "boards" })} />
    </div>
  );
}

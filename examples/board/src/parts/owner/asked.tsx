import type { ReactNode } from "react";
import { useT } from "../../app/i18n";
import { Banner } from "../../components/banner";
import { Button } from "../../components/button";
import { problemWords } from "../join/problem";
import type { Asked } from "./calls";

/** What the server answered, or why it did not and how to ask again. */
export function Answer<T>({ asked, children }: { asked: Asked<T>; children: (value: T) => ReactNode }) {
  const { t } = useT();
  return (
    <>
      {asked.problem !== null && (
        <Banner tone="warn" icon="warning">
          <div className="stack-s" role="alert">
            <p>{problemWords(t, asked.problem)}</p>
            <div>
              <Button icon="undo" onClick={asked.again}>
                {t("conn.retry")}
              </Button>
            </div>
          </div>
        </Banner>
      )}
      {asked.value === null ? asked.problem === null && <p className="quiet" role="status">{t("owner.asking")}</p> : children(asked.value)}
    </>
  );
}

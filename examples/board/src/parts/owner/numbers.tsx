import { useApp } from "../../app/client";
import { useT } from "../../app/i18n";
import { Answer } from "./asked";
import { useAsked, useBoardCalls } from "./calls";
import { ROLES, roleWord } from "./roles";

interface Counts {
  members: number;
  kiosks: number;
  devices: number;
  roles: Record<string, number>;
  /** Who is or was one, once, by the year of the first time. An older server does not say. */
  ambassadors?: { total: number; years: { year: number; people: number }[] };
}

/** How many belong, in which roles: without anybody's name. All that an observer sees. */
export function NumbersView({ board: given }: { board?: string }) {
  const { t } = useT();
  const { board } = useApp();
  const id = given ?? board?.id ?? "";
  const { get } = useBoardCalls(id);
  const asked = useAsked<Counts>(() => get<Counts>("numbers"), id);
  return (
    <>
      <p>{t("numbers.lead")}</p>
      <Answer asked={asked}>
        {(n) => (
          <>
            <table className="owner-table">
              <thead>
                <tr>
                  <th scope="col">{t("numbers.what")}</th>
                  <th scope="col" className="number">{t("numbers.count")}</th>
                </tr>
              </thead>
              <tbody>
                <Row name={t("numbers.members")} value={n.members} />
                <Row name={t("numbers.kiosks")} value={n.kiosks} />
                <Row name={t("numbers.devices")} value={n.devices} />
                {ROLES.filter((r) => n.roles[r] && r !== "visitor").map((r) => <Row key={r} name={roleWord(t, r)} value={n.roles[r] ?? 0} />)}
              </tbody>
            </table>
            {n.ambassadors && n.ambassadors.total > 0 && (
              <table className="owner-table">
                <caption>{t("numbers.ambassadors")}</caption>
                <thead>
                  <tr>
                    <th scope="col">{t("numbers.year")}</th>
                    <th scope="col" className="number">{t("numbers.count")}</th>
                  </tr>
                </thead>
                <tbody>
                  {n.ambassadors.years.map(({ year, people }) => <Row key={year} name={String(year)} value={people} />)}
                  <Row name={t("numbers.ever")} value={n.ambassadors.total} />
                </tbody>
              </table>
            )}
          </>
        )}
      </Answer>
    </>
  );
}

function Row({ name, value }: { name: string; value: number }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="number">{value}</td>
    </tr>
  );
}

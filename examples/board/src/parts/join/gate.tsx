/**
 * Who may come in. An open server lets everybody in, as before; otherwise the device has joined, joins by itself where the server is a
 * demo, or is shown how to join. A device that has joined never waits for the network.
 */
import { type ReactNode, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { Membership, Problem, takeLink } from "@tavle/client";
import { version } from "../../../package.json";
import { later } from "../../components/later";
import { MembershipProvider } from "./member";
import { askServer, remembered, type ServerSays } from "./server";

const Join = later(() => import("./view"));
const Revoked = later(() => import("../revoked/view"), true);

export type Page = "phone" | "kiosk" | "desk";

// Before anything else looks at the address: the code leaves it, and the history, at once.
let link: string | null = takeLink(location.hash)?.code ?? null;

type Phase =
  | { at: "opening" }
  | { at: "open" }
  | { at: "in" | "out"; membership: Membership; code: string | null; reached: boolean };

/** In a demo kiosk and desk are devices of their own, beside the phone that the browser is: people open all three in one. */
async function open(page: Page, demo: boolean): Promise<Membership> {
  const membership = await Membership.open({ server: location.origin, appVersion: version, profile: demo && page !== "phone" ? page : undefined });
  if (membership.forgetting) await (await import("../../app/client")).finishForgetting(membership);
  return membership;
}

async function begin(page: Page): Promise<Phase> {
  const code = link;
  link = null;
  const demo = remembered() === "demo";
  let membership = await open(page, demo);
  const { state } = membership.standing.get();
  const me = membership.me.get();
  if (state === "member" && me && !code) {
    const says = me.member.kiosk && page !== "kiosk" ? await askServer() : null;
    // The kiosk of a demo of before it was a device of its own.
    if (says?.demo) await membership.forget();
    else return { at: "in", membership, code: null, reached: true };
  }
  if (!code && remembered() === "open") {
    // As fast as ever; a server that has members since then is noticed all the same.
    void askServer().then((says) => says && !says.open && location.reload());
    return { at: "open" };
  }
  const says = await askServer();
  if (says?.open) return { at: "open" };
  if (says && (says.demo !== null) !== demo) membership = await open(page, !demo);
  const belongs = async () => membership.standing.get().state === "member" || (says?.demo && (await joinDemo(membership, says, page)));
  if (!code && (await belongs())) return { at: "in", membership, code: null, reached: true };
  return { at: "out", membership, code, reached: says !== null };
}

async function joinDemo(membership: Membership, { demo }: ServerSays, page: Page): Promise<boolean> {
  try {
    await membership.join(page === "kiosk" ? (demo?.kioskCode ?? "") : (demo?.code ?? ""), { label: "Demo", kind: page });
    return true;
  } catch (err) {
    if (err instanceof Problem) return false;
    throw err;
  }
}

let beginning: Promise<Phase> | null = null;

/** Gate shows the part to those who belong, and the others the way in. */
export function Gate({ page, children }: { page: Page; children: ReactNode }) {
  const [phase, setPhase] = useState<Phase>({ at: "opening" });
  useEffect(() => {
    beginning ??= begin(page);
    void beginning.then(setPhase);
    // A link to join with, opened while the app is open.
    const arrived = () => {
      const code = takeLink(location.hash)?.code;
      if (code) setPhase((now) => (now.at === "in" || now.at === "out" ? { ...now, at: "out", code, reached: true } : now));
    };
    window.addEventListener("hashchange", arrived);
    return () => window.removeEventListener("hashchange", arrived);
  }, [page]);
  if (phase.at === "opening") return null;
  if (phase.at === "open") return children;
  const { membership, code, reached } = phase;
  const into = () => setPhase({ at: "in", membership, code: null, reached: true });
  return (
    <MembershipProvider value={membership}>
      <Standing membership={membership} page={page}>
        {phase.at === "in" ? (
          children
        ) : (
          <Suspense fallback={null}>
            <Join key={code} page={page} code={code} reached={reached} onIn={into} />
          </Suspense>
        )}
      </Standing>
    </MembershipProvider>
  );
}

/** A device that was shut out sees nothing but that, whatever it was doing; one that another has taken the place of begins anew. */
function Standing({ membership, page, children }: { membership: Membership; page: Page; children: ReactNode }) {
  const standing = useSyncExternalStore(
    (fn) => membership.standing.subscribe(fn),
    () => membership.standing.get(),
  );
  // In another window this browser has become another device: this window begins anew as that.
  useEffect(() => {
    if (standing.state === "replaced") location.reload();
  }, [standing.state]);
  if (standing.state !== "revoked") return children;
  return (
    <Suspense fallback={null}>
      <Revoked membership={membership} page={page} />
    </Suspense>
  );
}

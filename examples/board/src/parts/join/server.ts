/** What the server says about itself, and what the device remembers of it for a start without a network. */

export interface ServerSays {
  /** A server without members, for developers: nobody has to join. One that does not say is such a server. */
  open: boolean;
  /** Codes with which a browser on this machine joins the demo board by itself. */
  demo: { code: string; kioskCode: string } | null;
}

const KEY = "tavle.server";

/** askServer; null when it cannot be reached. */
export async function askServer(): Promise<ServerSays | null> {
  try {
    const response = await fetch("/app/config.json", { cache: "no-store" });
    if (!response.ok) return null;
    const said = (await response.json()) as Partial<ServerSays>;
    const says = { open: said.open !== false, demo: said.demo ?? null };
    remember(says.open ? "open" : says.demo ? "demo" : "members");
    return says;
  } catch {
    return null;
  }
}

type Kind = "open" | "members" | "demo";

/** What kind of server it was; null when this device has never asked. */
export function remembered(): Kind | null {
  try {
    // A device of before there were members has boards, and has not asked.
    return (localStorage.getItem(KEY) as Kind | null) ?? (localStorage.getItem("tavle:device") ? "open" : null);
  } catch {
    return null;
  }
}

function remember(kind: Kind): void {
  try {
    localStorage.setItem(KEY, kind);
  } catch {
    // It is asked again at each start.
  }
}

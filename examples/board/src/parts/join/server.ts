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
    remember(says.open);
    return says;
  } catch {
    return null;
  }
}

/** Whether the server was an open one; null when this device has never asked. */
export function rememberedOpen(): boolean | null {
  try {
    const kept = localStorage.getItem(KEY);
    // A device of before there were members has boards, and has not asked.
    return kept ? kept === "open" : localStorage.getItem("tavle:device") ? true : null;
  } catch {
    return null;
  }
}

function remember(open: boolean): void {
  try {
    localStorage.setItem(KEY, open ? "open" : "members");
  } catch {
    // It is asked again at each start.
  }
}

/**
 * Whether this device's clock is so wrong that a person should know: more than a day off from the server's, or, while the server
 * is away, behind most of what is on the board. Nothing depends on it but a sentence.
 */
import { useEffect, useState } from "react";
import type { Client, Post } from "@tavle/client";

/** How far a clock may be off before it is called wrong, in ms. */
export const CLOCK_OFF = 86_400_000;

/** What the server's clock and this device's said at the same moment. */
export interface Heard {
  server: number;
  device: number;
}

/** clockWrong, by what was heard last (null when nothing was) and by the labels of the posts at hand. All in ms since 1970. */
export function clockWrong(now: number, labels: readonly number[], heard: Heard | null): boolean {
  // A clock that went back, or that has arrived at the server's time, was set since: what was heard of it is of no use.
  if (heard && now >= heard.device - CLOCK_OFF) {
    if (Math.abs(heard.device - heard.server) <= CLOCK_OFF) return false;
    if (heard.device > heard.server || now < heard.server - CLOCK_OFF) return true;
  }
  return 2 * labels.filter((l) => l > now + CLOCK_OFF).length > labels.length;
}

const KEY = "tavle.clock";

/** useClockWrong asks the server each time it is reached, and remembers its answer for starts without it. */
export function useClockWrong(client: Client, posts: readonly Post[]): boolean {
  const [heard, setHeard] = useState(remembered);
  useEffect(() => {
    let state = "";
    let gone = false;
    const look = () => {
      const before = state;
      state = client.connection.get().state;
      if (state !== "connected" || before === "connected") return;
      void compare().then((found) => {
        if (!found || gone) return;
        setHeard(found);
        remember(found);
      });
    };
    look();
    const stop = client.connection.subscribe(look);
    return () => {
      gone = true;
      stop();
    };
  }, [client]);
  return clockWrong(Date.now(), posts.map((p) => p.createdAt), heard);
}

async function compare(): Promise<Heard | null> {
  try {
    const answer = await fetch("/", { method: "HEAD", cache: "no-store" });
    const server = Date.parse(answer.headers.get("date") ?? "");
    return Number.isNaN(server) ? null : { server, device: Date.now() };
  } catch {
    return null;
  }
}

function remembered(): Heard | null {
  try {
    const { server, device } = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Heard>;
    return typeof server === "number" && typeof device === "number" ? { server, device } : null;
  } catch {
    return null;
  }
}

function remember(heard: Heard): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(heard));
  } catch {
    // Heard again at the next contact.
  }
}

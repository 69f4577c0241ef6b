/**
 * Whether this device's clock is so wrong that a person should know: more than a day off from the server's, or, while the server
 * is away, behind most of what is on the board. Nothing depends on it but a sentence.
 */
import { useEffect, useState } from "react";
import type { Client, Post } from "@tavle/client";

/** How far a clock may be off before it is called wrong, in ms. */
export const CLOCK_OFF = 86_400_000;

/** clockWrong: `server` is what the server's clock said when the device's said `asked`, or null when it was not heard. */
export function clockWrong(now: number, labels: readonly number[], heard: { server: number; asked: number } | null): boolean {
  // A clock that was set since shows in the distance between the two moments only when it moved: then it is asked again soon.
  if (heard && Math.abs(now - heard.asked) < CLOCK_OFF) return Math.abs(heard.asked - heard.server) > CLOCK_OFF;
  return 2 * labels.filter((l) => l > now + CLOCK_OFF).length > labels.length;
}

/** useClockWrong asks the server each time it is reached. */
export function useClockWrong(client: Client, posts: readonly Post[]): boolean {
  const [heard, setHeard] = useState<{ server: number; asked: number } | null>(null);
  useEffect(() => {
    let state = "";
    let gone = false;
    const look = () => {
      const before = state;
      state = client.connection.get().state;
      if (state === "connected" && before !== "connected") {
        void serverClock().then((server) => {
          if (server !== null && !gone) setHeard({ server, asked: Date.now() });
        });
      }
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

async function serverClock(): Promise<number | null> {
  try {
    const answer = await fetch("/", { method: "HEAD", cache: "no-store" });
    const said = Date.parse(answer.headers.get("date") ?? "");
    return Number.isNaN(said) ? null : said;
  } catch {
    return null;
  }
}

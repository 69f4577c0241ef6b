import type { Post } from "@tavle/client";
import { describe, expect, it } from "vitest";
import { isPoster, newPoster } from "../print/poster-link";
import { called, callList, countPosts, hoursWaiting, isHandedOver, news, reasonOf } from "./lists";
import { names, refusals } from "./refusals";
import { readScans } from "./scans";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let next = 0;
const reply = (more = {}) => ({ id: `r${next++}`, body: "", author: "", createdBy: "x", createdAt: 0, lang: "da", mine: false, removed: false, ...more });
const offer = (more = {}) => ({ id: `o${next++}`, author: "", message: "", createdAt: 0, withdrawn: false, mine: false, removed: false, ...more });
function post(more = {}): Post {
  return { id: `p${next++}`, kind: "request", state: "open", createdBy: "desk", heldBy: "desk", createdAt: 0, replies: [], offers: [], closings: [], handovers: [], removed: false, mine: true, answered: false, ...more } as unknown as Post;
}
const proxy = { kind: "family", permission: "spoken", callBackBy: "phone" };

describe("the call-back list", () => {
  it("puts neighbours with news first, and drops the news once they have been called", () => {
    const quiet = post({ proxy, createdAt: 1 });
    const lively = post({ proxy, createdAt: 2, offers: [offer()], replies: [reply(), reply({ createdBy: "desk" })] });
    const list = callList([quiet, lively, post()], {}, "mine", "desk");
    expect(list.map((x) => x.post.id)).toEqual([lively.id, quiet.id]);
    expect(news(list[0]!)).toBe(2);

    const after = called({}, lively, 5);
    const again = callList([quiet, lively], after, "mine", "desk").find((x) => x.post === lively)!;
    expect(news(again)).toBe(0);
    const more = { ...lively, offers: [...lively.offers, offer() as never] };
    expect(news(callList([more], after, "mine", "desk")[0]!)).toBe(1);
  });

  it("has who wants no call last, and leaves out who is told that it is closed, and other desks", () => {
    const none = post({ proxy: { ...proxy, callBackBy: "none" } });
    const closed = post({ proxy, state: "closed" });
    const elsewhere = post({ proxy, createdBy: "other", heldBy: "other" });
    expect(callList([{ ...none, state: "closed" }], {}, "mine", "desk")).toEqual([]);
    expect(callList([none, closed, elsewhere], {}, "mine", "desk").map((x) => x.post.id)).toEqual([closed.id, none.id]);
    expect(callList([closed], called({}, closed, 1), "mine", "desk")).toEqual([]);
    expect(callList([elsewhere], {}, "all", "desk")).toHaveLength(1);
  });
});

describe("what has come to an end", () => {
  const closing = { id: "c1", outcome: "foundHere", by: "desk", createdAt: 0, reopened: false };
  it("is told once more when it is closed after a call", () => {
    const open = post({ proxy });
    const calls = called({}, open, 1);
    const closed = { ...open, state: "closed", closings: [closing] } as Post;
    expect(callList([closed], calls, "mine", "desk")).toHaveLength(1);
    expect(callList([closed], called(calls, closed, 2), "mine", "desk")).toEqual([]);
    expect(callList([closed, open], calls, "ended", "desk").map((x) => x.post)).toEqual([closed]);
  });
  it("stays this desk's to see after it was handed over, with nothing of the neighbour's in it", () => {
    const theirs = post({ proxy, heldBy: "phone", mine: false, offers: [offer()], handovers: [{}] });
    expect(isHandedOver(theirs)).toBe(true);
    const [item] = callList([theirs], {}, "mine", "desk");
    expect(item && news(item)).toBe(0);
    expect(callList([theirs], called({}, theirs, 1), "mine", "desk")).toEqual([]);
    expect(callList([theirs], {}, "ended", "desk")).toHaveLength(1);
    expect(countPosts([{ ...theirs, createdAt: 40 * DAY }], 30, 41 * DAY)).toMatchObject({ proxy: 1, by: { family: 1 } });
  });
});

describe("scans of posters", () => {
  it("are taken from the server with the most first, and from nobody else", () => {
    expect(readScans([{ poster: "0123456789ab", scans: 1 }, { poster: "abcdefghjkmn", scans: 7 }, { poster: "<b>", scans: 2 }, { poster: "abcdefghjkmn", scans: -1 }, null])).toEqual([
      { poster: "abcdefghjkmn", scans: 7 },
      { poster: "0123456789ab", scans: 1 },
    ]);
    expect(readScans({ error: "no" })).toBe(null);
  });
  it("have a number of twelve characters", () => {
    expect(new Set(Array.from({ length: 50 }, newPoster)).size).toBe(50);
    expect(isPoster(newPoster())).toBe(true);
  });
});

describe("who waits for an answer", () => {
  it("says why", () => {
    expect(reasonOf(post())).toBe("silence");
    expect(reasonOf(post({ replies: [reply({ mine: true })] }))).toBe("ownWords");
    expect(reasonOf(post({ offers: [offer({ withdrawn: true })] }))).toBe("withdrawn");
  });
  it("never waits a negative time when a clock was wrong", () => {
    expect(hoursWaiting(post({ createdAt: 0 }), 50 * HOUR)).toBe(50);
    expect(hoursWaiting(post({ createdAt: 50 * HOUR }), 0)).toBe(0);
  });
});

describe("the numbers", () => {
  it("count posts, those for a neighbour, and answers, of the period only", () => {
    const posts = [
      post({ createdAt: 40 * DAY, answered: true, proxy }),
      post({ createdAt: 40 * DAY, state: "closed", outcome: "foundElsewhere" }),
      post({ createdAt: 40 * DAY, removed: true }),
      post({ createdAt: 1 * DAY }),
    ];
    expect(countPosts(posts, 30, 41 * DAY)).toEqual({ posts: 2, proxy: 1, answered: 1, open: 1, foundHere: 0, foundElsewhere: 1, by: { family: 1 } });
  });
});

describe("what may not stand in the document", () => {
  it.each([
    ["Ring 20 30 40 50", "phone", "20 30 40 50"],
    ["CPR 070761-4285", "cpr", "070761-4285"],
    ["BSN 111222333", "bsn", "111222333"],
    ["Skriv til bodil@example.dk", "email", "bodil@example.dk"],
  ])("refuses the number in %s", (text, kind, words) => {
    const [found] = refusals(text);
    expect(found && [found.kind, text.slice(found.start, found.end)]).toEqual([kind, words]);
  });
  it.each([
    ["Bor på Lindevej 12 A i stuen", "Lindevej 12 A"],
    ["Kom naar de Kerkstraat 5", "Kerkstraat 5"],
  ])("finds the address in %s", (text, words) => {
    const [found] = refusals(text).filter((f) => f.kind === "address");
    expect(found && text.slice(found.start, found.end)).toBe(words);
  });
  it.each(["Opgang 3, anden sal", "Fredag kl. 14", "Grasmaaien op veld 2", "Pakken vejer 12 kilo", "Op weg naar 3 winkels"])("leaves %s alone", (text) => {
    expect(refusals(text)).toEqual([]);
  });
  it("points at names with a title", () => {
    expect(names("Fru Jensen og mevrouw de Vries")).toEqual(["Fru Jensen", "mevrouw de Vries"]);
    expect(names("Hjælp til fru Jensen")).toEqual(["fru Jensen"]);
  });
});

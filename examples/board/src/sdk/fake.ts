/** A board in memory, filled from examples/data, with the shape of @tavle/client: stands in until the package is there. */
import data from "../../../data/posts.json";
import type { Connection, Device, Observable, Outcome, Post } from "./types";

class Value<T> implements Observable<T> {
  private listeners = new Set<(v: T) => void>();
  constructor(private value: T) {}
  get() { return this.value; }
  set(v: T) { this.value = v; for (const l of this.listeners) l(v); }
  subscribe(l: (v: T) => void) { this.listeners.add(l); return () => { this.listeners.delete(l); }; }
}
const id = () => Math.random().toString(36).slice(2).padEnd(26, "0").slice(0, 26);
const shift = Date.now() - Date.parse("2026-06-10T12:00:00Z");
const at = (s: string) => Date.parse(s) + shift;

function toPost(p: any): Post {
  const offers = (p.offers ?? []).map((o: any) => ({ id: id(), author: o.author, message: o.message, createdAt: at(o.createdAt), withdrawn: false, mine: false, answer: o.state === "accepted" ? "accepted" : o.state === "declined" ? "declined" : undefined, delivery: "board" }));
  return {
    id: p.id.padEnd(26, "0"), code: p.id, kind: p.kind, title: p.title, body: p.body, lang: p.language, author: p.author, createdAt: at(p.createdAt),
    state: p.status === "fulfilled" || p.status === "withdrawn" ? "closed" : p.status === "expired" ? "expired" : "open",
    outcome: p.status === "fulfilled" ? "foundHere" : p.status === "withdrawn" ? "notNeeded" : undefined,
    place: p.place, when: p.when && { start: at(p.when.start), end: p.when.end && at(p.when.end), repeat: p.when.repeat }, urgency: p.urgency, item: p.item, lost: p.kind === "lostFound" ? "lost" : undefined, tags: [],
    proxy: p.onBehalf && { kind: p.onBehalf },
    replies: (p.replies ?? []).map((r: any) => ({ id: id(), body: r.body, author: r.author, createdAt: at(r.createdAt), lang: p.language, mine: false, delivery: "board" })),
    offers, acceptedOffers: offers.filter((o: any) => o.answer === "accepted"), closings: [],
    idea: p.kind === "idea" ? { status: ["new", "considering", "planned", "done", "declined"].includes(p.status) ? p.status : "new", reason: p.statusReason } : undefined,
    terms: p.kind === "arrangement" ? [{ id: "t1", party: p.author, task: p.title, place: p.place, repeat: "weekly", start: at(p.when?.start ?? p.createdAt), createdAt: at(p.createdAt), mine: false, stands: true }] : [],
    acks: [], supports: { count: p.kind === "idea" ? 4 : 0, mine: false }, mine: false, conflicts: [], delivery: "board", clockSuspect: false,
  };
}

export class Board {
  id = "demo"; url = "automerge:demo";
  info = new Value({ title: "Lindegården", about: "", languages: ["da", "nl", "en"], place: "Lindegården", controller: "Beboerhuset i Lindegården", demo: true, houseRules: { da: "Skriv, som du ville tale i opgangen.\nIngen navne på andre. Ingen mistanker: ring til kontoret eller politiet." } as Record<string, string>, contacts: [{ id: "1", name: "Ejendomskontoret", phone: "00 00 00 00", hours: "8–10", note: "", order: 1 }], timeZone: "Europe/Copenhagen" });
  posts = new Value<Post[]>((data as any[]).map(toPost).sort((a, b) => b.createdAt - a.createdAt));
  loading = new Value(false);
  async openMonths() {}
  post(wanted: string) { return this.posts.get().find((p) => p.id === wanted); }
  list(filter: { kind?: string; place?: string; state?: string }) { return this.posts.get().filter((p) => !filter.kind || p.kind === filter.kind); }
  search(q: string) { const n = q.toLowerCase(); return this.posts.get().filter((p) => `${p.title} ${p.body} ${p.place} ${p.author} ${p.code}`.toLowerCase().includes(n)); }
  newDraft(kind: string, lang: string) { return { id: id(), kind, lang, title: "", body: "", author: "" } as any; }
  private change(pid: string, f: (p: Post) => Partial<Post>) { this.posts.set(this.posts.get().map((p) => (p.id === pid ? { ...p, ...f(p) } : p))); }
  async addPost(d: any) { this.posts.set([{ ...toPost({ id: d.id.slice(0, 4), kind: d.kind, language: d.lang, createdAt: new Date(Date.now() - shift).toISOString() }), ...d, mine: true, delivery: "waiting", createdAt: Date.now() }, ...this.posts.get()]); }
  async editPost(p: string, patch: Partial<Post>) { this.change(p, () => patch); }
  async reply(p: string, r: any) { this.change(p, (x) => ({ replies: [...x.replies, { id: id(), createdAt: Date.now(), mine: true, delivery: "waiting", ...r }] })); }
  async offerHelp(p: string, o: any) { this.change(p, (x) => ({ offers: [...x.offers, { id: id(), createdAt: Date.now(), mine: true, withdrawn: false, delivery: "waiting", ...o }] })); }
  async withdrawOffer(p: string, o: string) { this.change(p, (x) => ({ offers: x.offers.map((y) => (y.id === o ? { ...y, withdrawn: true } : y)) })); }
  async answerOffer(p: string, o: string, answer: "accepted" | "declined") { this.change(p, (x) => ({ offers: x.offers.map((y) => (y.id === o ? { ...y, answer } : y)) })); }
  async close(p: string, outcome: Outcome) { this.change(p, () => ({ state: "closed", outcome })); }
  async reopen(p: string) { this.change(p, () => ({ state: "open", outcome: undefined })); }
  async extend(p: string) { this.change(p, () => ({ state: "open" })); }
  async support(p: string) { this.change(p, (x) => ({ supports: { count: x.supports.count + (x.supports.mine ? -1 : 1), mine: !x.supports.mine } })); }
  async propose(_p: string, _t: any) {}
  async acknowledge(_p: string, _t: string, _party: string) {}
  similar() { return []; }
  unanswered() { return []; }
}
export class Client {
  connection: Observable<Connection> = new Value<Connection>({ state: "online", lastReached: Date.now() - 120000, waiting: 0 });
  device: Observable<Device> = new Value<Device>({ persisted: true, evicted: false, bytes: 123456 });
  private board = new Board();
  boards = new Value([{ id: this.board.id, url: this.board.url, title: "Lindegården" }]);
  static async open(_: unknown) { return new Client(); }
  async openBoard(_url: string) { return this.board; }
  async contents() { return { bytes: 123456, documents: 3, posts: 60 }; }
  retryNow() {}
}

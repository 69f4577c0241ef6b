/** A demo board on a server, written by the SDK in Node as any device would. */
import { readFile } from "node:fs/promises";
import { type Board, Client, type SocketConstructor } from "@tavle/client";
import { WebSocket } from "ws";

interface Sample {
  kind: string; title: string; body: string; author: string; language: string; place?: string; status: string; statusReason?: string;
  urgency?: string; item?: { action: string }; when?: { start: string; end?: string; repeat?: string };
  offers: { author: string; message: string; state: string }[]; replies: { author: string; body: string }[];
}

/** samples are the posts of examples/data. */
export async function samples(): Promise<Sample[]> {
  return JSON.parse(await readFile(new URL("../../../data/posts.json", import.meta.url), "utf8")) as Sample[];
}

/** device is a client in memory that speaks to the server at `origin` (http://…). */
export function device(origin: string): Promise<Client> {
  return Client.open({ url: `${origin.replace("http", "ws")}/sync`, storage: "memory", origin: "demo", webSocket: WebSocket as unknown as SocketConstructor });
}

/** seed makes a board with the first `count` samples and returns its id when the server has all of it. */
export async function seed(origin: string, count = 60, title = "Lindegården"): Promise<string> {
  const client = await device(origin);
  const board = await client.createBoard({
    title,
    languages: ["da", "nl", "en"],
    place: title,
    controller: "Beboerhuset",
    demo: true,
    houseRules: { da: "Skriv, som du ville tale i opgangen.", nl: "Schrijf zoals je in het portiek zou praten.", en: "Write as you would talk in the stairwell." },
    contacts: { office: { name: "Ejendomskontoret", phone: "00 00 00 00", hours: "8–10", note: "", order: 1 } },
  });
  await fill(board, (await samples()).slice(0, count));
  await until(() => board.posts.get().every((p) => p.delivery === "board") && board.info.get().delivery === "board", "the server has the board");
  await client.close();
  return board.id;
}

/** summer reads a day or a moment of the samples, which are all in the summer of Copenhagen. */
const summer = (text: string) => Date.parse(`${text.length > 10 ? text : `${text}T00:00`}+02:00`);

async function fill(board: Board, posts: Sample[]): Promise<void> {
  for (const p of posts) {
    const draft = board.newDraft(p.kind, p.language);
    const when = p.when && { start: summer(p.when.start), ...(p.when.end && { end: summer(p.when.end) }), ...(p.when.repeat && { repeat: p.when.repeat }) };
    Object.assign(draft, { title: p.title, body: p.body, author: p.author, place: p.place, urgency: p.urgency, item: p.item && { action: p.item.action }, when });
    if (p.kind === "lostFound") draft.lost = "lost";
    await board.addPost(draft);
    for (const r of p.replies) await board.reply(draft.id, { body: r.body, author: r.author, lang: p.language });
    for (const o of p.offers) {
      const offer = await board.offerHelp(draft.id, { message: o.message, author: o.author });
      if (o.state === "accepted" || o.state === "declined") await board.answerOffer(draft.id, offer, o.state);
    }
    if (p.kind === "idea") await board.setIdea(draft.id, p.status === "open" ? "new" : (p.status as "new"), p.statusReason);
    if (p.status === "fulfilled") await board.close(draft.id, "foundHere");
  }
}

/** until waits for a condition, by what it is, and not by a guess at how long it takes. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, ms = 60_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** twin is a client in memory with the reference of another device: the same person at a second window that was cut off. */
export function twin(origin: string, registration: string): Promise<Client> {
  const secondPlace = { getItem: () => registration, setItem: () => undefined };
  return Client.open({ url: `${origin.replace("http", "ws")}/sync`, storage: "memory", origin: "phone", secondPlace, webSocket: WebSocket as unknown as SocketConstructor });
}

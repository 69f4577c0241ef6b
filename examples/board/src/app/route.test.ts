import { expect, test } from "vitest";
import { boardIn } from "../parts/boards/link";
import { format, parse } from "./route";

const BOARD = "EqgBVwkUBNgts4QfaexjF7Y3Dqq";

test("what is written is read again", () => {
  for (const route of [
    { board: BOARD, view: "board", post: "" },
    { board: BOARD, view: "post", post: "h606m908rjseyb95wp73ngetmc" },
    { board: "", view: "settings", post: "" },
    { board: BOARD, view: "edit", post: "h606m908rjseyb95wp73ngetmc" },
  ] as const)
    expect(parse(format(route))).toEqual(route);
});

test("what is unknown or hostile opens the board", () => {
  for (const hash of ["", "#", "#v=nothing", "#v=post", "#v=edit", "#b=%3Cscript%3E", "#b=0OIl", "#%"]) expect(parse(hash)).toEqual({ board: "", view: "board", post: "" });
});

test("a board is found in whatever one pastes", () => {
  for (const text of [`automerge:${BOARD}`, ` automerge:${BOARD} `, `https://board.example/#b=${BOARD}`, `https://board.example/#b=${BOARD}&p=x`, `See https://board.example/#b=${BOARD}`])
    expect(boardIn(text)).toBe(BOARD);
  for (const text of ["", "https://board.example/", "a cat"]) expect(boardIn(text)).toBe("");
});

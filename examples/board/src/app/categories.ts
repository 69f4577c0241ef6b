import type { BoardInfo } from "@tavle/client";
import type { Language } from "./settings";

export type Category = BoardInfo["categories"][number];

/** What a category is called, in another language where it has no name in this one. */
export const categoryName = ({ label }: Category, language: Language): string => label[language] || Object.values(label).find(Boolean) || "";

/** The SDK, under a short name. */
export * from "@tavle/client";

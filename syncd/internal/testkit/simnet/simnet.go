// Package simnet runs one document, its server and its devices in a simulated
// network in which everything that can go wrong does, decided by a seed: cuts,
// delays, crashes of the server before and after a write, a full disk, unloading,
// changes that the rules forbid. It has only tests. They hold three promises: when
// the world has healed everybody has the same; nothing that the server ever told
// anyone is lost; nothing forbidden is stored.
package simnet

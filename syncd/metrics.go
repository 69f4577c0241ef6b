package main

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/admin"
)

// commitCounts adds up what the group commit tells of its batches.
type commitCounts struct {
	batches, appends, bytes, nanoseconds atomic.Int64
}

func (c *commitCounts) observe(batch, bytes int, elapsed time.Duration) {
	c.batches.Add(1)
	c.appends.Add(int64(batch))
	c.bytes.Add(int64(bytes))
	c.nanoseconds.Add(int64(elapsed))
}

type number interface {
	~int | ~int64 | ~uint64 | ~float64
}

func gauge[N number](name, help string, value N) admin.Metric {
	return admin.Metric{Name: name, Help: help, Value: float64(value), Gauge: true}
}

func counter[N number](name, help string, value N) admin.Metric {
	return admin.Metric{Name: name, Help: help, Value: float64(value)}
}

func labelled[N number](name, help, label, of string, value N) admin.Metric {
	return admin.Metric{Name: name, Help: help, Label: label, Of: of, Value: float64(value)}
}

// metrics returns every number there is. docs/operations.md lists the names.
func (m *Main) metrics() []admin.Metric {
	all := m.edgeMetrics()
	all = append(all, m.hubMetrics()...)
	return append(all, m.storeMetrics()...)
}

func (m *Main) edgeMetrics() []admin.Metric {
	e := &m.traffic
	const (
		skipped     = "tavle_skipped_messages_total"
		skippedHelp = "Messages that were ignored, by the reason."
		closed      = "tavle_closed_connections_total"
		closedHelp  = "Connections that syncd closed on its own account, by the reason."
	)
	return []admin.Metric{
		gauge("tavle_connections", "Open connections.", e.Connections.Load()),
		counter("tavle_accepted_connections_total", "Connections that were accepted.", e.Accepted.Load()),
		counter("tavle_refused_connections_total", "Requests to connect that were refused.", e.Refused.Load()),
		counter("tavle_joined_connections_total", "Connections that completed the handshake.", e.Joined.Load()),
		counter("tavle_received_frames_total", "Frames received.", e.FramesIn.Load()),
		counter("tavle_received_bytes_total", "Bytes of received frames.", e.BytesIn.Load()),
		counter("tavle_sent_frames_total", "Frames sent.", e.FramesOut.Load()),
		counter("tavle_sent_bytes_total", "Bytes of sent frames.", e.BytesOut.Load()),
		counter("tavle_throttled_messages_total", "Messages that waited because their connection sent too fast.", e.Throttled.Load()),
		counter("tavle_lossy_messages_total", "Ephemeral messages dropped because their receiver was slow.", e.DroppedLossy.Load()),
		labelled(skipped, skippedHelp, "reason", "type", e.SkippedType.Load()),
		labelled(skipped, skippedHelp, "reason", "document", e.SkippedDocument.Load()),
		labelled(skipped, skippedHelp, "reason", "sender", e.SkippedSender.Load()),
		labelled(skipped, skippedHelp, "reason", "size", e.SkippedSize.Load()),
		labelled(closed, closedHelp, "reason", "malformed", e.Malformed.Load()),
		labelled(closed, closedHelp, "reason", "slow", e.Slow.Load()),
		labelled(closed, closedHelp, "reason", "silent", e.Silent.Load()),
	}
}

func (m *Main) hubMetrics() []admin.Metric {
	h := m.hub.Stats()
	const (
		changes       = "tavle_changes_total"
		changesHelp   = "Changes from peers, by what became of them."
		ephemeral     = "tavle_ephemeral_messages_total"
		ephemeralHelp = "Ephemeral messages, by what became of them; relayed counts receivers."
	)
	all := []admin.Metric{
		gauge("tavle_documents", "Documents that a peer listens to or that are in memory.", h.Documents),
		gauge("tavle_loaded_documents", "Documents with their history in memory.", h.Loaded),
		gauge("tavle_loaded_bytes", "What the histories in memory take.", h.LoadedBytes),
		gauge("tavle_sessions", "Peers that have joined.", h.Sessions),
		counter("tavle_messages_total", "Sync and ephemeral messages from peers.", h.Messages),
		labelled(changes, changesHelp, "result", "accepted", h.Accepted),
		labelled(changes, changesHelp, "result", "refused", h.Refused),
		labelled(ephemeral, ephemeralHelp, "result", "relayed", h.Relayed),
		labelled(ephemeral, ephemeralHelp, "result", "dropped", h.Dropped),
		counter("tavle_unavailable_total", "Answers that a document is not available.", h.Unavailable),
		counter("tavle_loads_total", "Histories that were loaded from the store.", h.Loads),
		counter("tavle_store_errors_total", "Documents that could not be read or written.", h.StoreErrors),
		counter("tavle_withheld_messages_total", "Messages about documents that their sender does not know of.", h.Withheld),
		counter("tavle_snapshots_made_total", "Snapshots that were made of documents.", h.SnapshotsMade),
		counter("tavle_snapshots_wrong_total", "Snapshots that were wrong and were dropped: report them.", h.SnapshotsWrong),
	}
	refusals := m.hub.Refusals()
	for _, code := range slices.Sorted(maps.Keys(refusals)) {
		all = append(all, labelled("tavle_refused_changes_total", "Changes that their sender may not make, by the reason.", "reason", code, refusals[code]))
	}
	return all
}

func (m *Main) storeMetrics() []admin.Metric {
	c := &m.commits
	all := []admin.Metric{
		counter("tavle_commits_total", "Batches that became durable.", c.batches.Load()),
		counter("tavle_committed_documents_total", "Documents in those batches.", c.appends.Load()),
		counter("tavle_committed_bytes_total", "Bytes of changes in those batches, uncompressed.", c.bytes.Load()),
		counter("tavle_commit_seconds_total", "Time spent on making them durable.", time.Duration(c.nanoseconds.Load()).Seconds()),
	}
	s, err := m.store.Stats()
	if err != nil {
		m.Logger.Warn("the numbers of the store cannot be had", "err", err)
		return all
	}
	return append(all,
		gauge("tavle_store_disk_bytes", "What the store takes on disk.", s.DiskBytes),
		gauge("tavle_store_free_bytes", "What is free on that disk.", s.FreeBytes),
		gauge("tavle_store_tables", "Sorted tables of the store.", s.Tables),
	)
}

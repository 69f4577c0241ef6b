package main

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"
)

const (
	ackWithin     = 20 * time.Second
	deliverWithin = 30 * time.Second
	batchPosts    = 500 // posts a message when a document is filled for a first sync
)

// Figures are what a workload measured, by the name of the row.
type figures map[string]float64

// ingest has writers add posts, each to a document of its own, the next when the last is acked.
func ingest(s *server, posts []post, writers, each int) (figures, error) {
	clients := make([]*client, writers)
	for i := range clients {
		c, err := dial(s.url(), fmt.Sprintf("writer-%d", i), newDocumentID())
		if err != nil {
			return nil, err
		}
		defer c.close()
		if err := errors.Join(c.write(posts[0]), c.acked(posts[0].hash, ackWithin)); err != nil {
			return nil, err
		}
		clients[i] = c
	}
	acks := make([][]time.Duration, writers)
	failed := make([]error, writers)
	began, cpu := time.Now(), s.cpu()
	var group sync.WaitGroup
	for i, c := range clients {
		group.Go(func() { acks[i], failed[i] = writeAll(c, posts[1:1+each]) })
	}
	group.Wait()
	spent, took := s.cpu()-cpu, time.Since(began)
	if err := first(failed); err != nil {
		return nil, err
	}
	all := slices.Concat(acks...)
	n := float64(writers * each)
	return figures{
		"CPU ms a change": milliseconds(spent) / n,
		"acked/s":         n / took.Seconds(),
		"ack p50 ms":      milliseconds(quantile(all, 0.50)),
		"ack p99 ms":      milliseconds(quantile(all, 0.99)),
	}, nil
}

func writeAll(c *client, posts []post) ([]time.Duration, error) {
	acks := make([]time.Duration, 0, len(posts))
	for _, p := range posts {
		began := time.Now()
		if err := errors.Join(c.write(p), c.acked(p.hash, ackWithin)); err != nil {
			return nil, err
		}
		acks = append(acks, time.Since(began))
	}
	return acks, nil
}

// fanout has one writer post at a steady pace to subscribers of one document, who answer each message.
func fanout(s *server, posts []post, subscribers int) (figures, error) {
	document := newDocumentID()
	writer, err := dial(s.url(), "writer", document)
	if err != nil {
		return nil, err
	}
	defer writer.close()
	if err := errors.Join(writer.write(posts[0]), writer.acked(posts[0].hash, ackWithin)); err != nil {
		return nil, err
	}
	clients := make([]*client, subscribers)
	for i := range clients {
		c, err := dial(s.url(), fmt.Sprintf("subscriber-%d", i), document)
		if err != nil {
			return nil, err
		}
		defer c.close()
		if err := errors.Join(c.request(), c.holds(posts[0].hash, ackWithin)); err != nil {
			return nil, err
		}
		clients[i] = c
	}
	time.Sleep(settleTime) // the last of the answers
	return deliver(s, writer, clients, posts[1:1+fanoutPosts])
}

func deliver(s *server, writer *client, clients []*client, posts []post) (figures, error) {
	down, up := traffic(clients)
	cpu := s.cpu()
	sent := make([]time.Time, len(posts))
	arrived := make([][]time.Time, len(clients))
	failed := make([]error, len(clients)+1)
	var group sync.WaitGroup
	for i, c := range clients {
		group.Go(func() { arrived[i], failed[i] = receiveAll(c, posts) })
	}
	tick := time.NewTicker(time.Second / fanoutPerSecond)
	defer tick.Stop()
	for i, p := range posts {
		<-tick.C
		sent[i] = time.Now()
		if err := errors.Join(writer.write(p), writer.acked(p.hash, ackWithin)); err != nil {
			failed[len(clients)] = err
			break
		}
	}
	group.Wait()
	if err := first(failed); err != nil {
		return nil, err
	}
	spent := s.cpu() - cpu
	downAfter, upAfter := traffic(clients)
	n := float64(len(clients) * len(posts))
	var waits []time.Duration
	for _, times := range arrived {
		for i, at := range times {
			waits = append(waits, at.Sub(sent[i]))
		}
	}
	return figures{
		"CPU ms a delivery":     milliseconds(spent) / n,
		"p50 ms":                milliseconds(quantile(waits, 0.50)),
		"p99 ms":                milliseconds(quantile(waits, 0.99)),
		"bytes a delivery down": float64(downAfter-down) / n,
		"bytes a delivery up":   float64(upAfter-up) / n,
	}, nil
}

// receiveAll notes when each post has arrived.
func receiveAll(c *client, posts []post) ([]time.Time, error) {
	arrived := make([]time.Time, 0, len(posts))
	deadline := time.Now().Add(deliverWithin)
	for len(arrived) < len(posts) {
		if !c.known[posts[len(arrived)].hash] {
			if _, err := c.next(deadline); err != nil {
				return nil, fmt.Errorf("wait for post %d: %w", len(arrived), err)
			}
			continue
		}
		arrived = append(arrived, time.Now())
	}
	return arrived, nil
}

func traffic(clients []*client) (down, up int64) {
	for _, c := range clients {
		down += c.down.Load()
		up += c.up.Load()
	}
	return down, up
}

// firstSync fills a document, starts the server afresh, and has a new client fetch it.
func firstSync(s *server, posts []post) (figures, error) {
	document := newDocumentID()
	writer, err := dial(s.url(), "writer", document)
	if err != nil {
		return nil, err
	}
	for batch := range slices.Chunk(posts, batchPosts) {
		last := batch[len(batch)-1].hash
		if err := errors.Join(writer.write(batch...), writer.acked(last, ackWithin)); err != nil {
			return nil, errors.Join(err, writer.conn.Close())
		}
	}
	writer.close()
	if err := s.restart(); err != nil {
		return nil, err
	}
	reader, err := dial(s.url(), "reader", document)
	if err != nil {
		return nil, err
	}
	defer reader.close()
	began, cpu, down := time.Now(), s.cpu(), reader.down.Load()
	if err := errors.Join(reader.request(), reader.holds(posts[len(posts)-1].hash, deliverWithin)); err != nil {
		return nil, err
	}
	took, bytes := time.Since(began), reader.down.Load()-down
	time.Sleep(settleTime / 3) // what the server does about the answer is part of the price
	return figures{
		"CPU ms":       milliseconds(s.cpu() - cpu),
		"ms":           milliseconds(took),
		"kB":           float64(bytes) / 1000,
		"peak RSS MiB": s.peakMemory(),
	}, nil
}

// first is the first error there is, since many clients mostly fail of the same.
func first(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// quantile sorts the durations and returns the one at q.
func quantile(all []time.Duration, q float64) time.Duration {
	slices.Sort(all)
	return all[min(len(all)-1, int(q*float64(len(all))))]
}

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// newDocumentID makes a random document id: base58 of 16 bytes and the first 4 of their double SHA-256.
func newDocumentID() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	raw[0] |= 1 // no leading zero, which base58 writes in another way
	once := sha256.Sum256(raw)
	twice := sha256.Sum256(once[:])
	n := new(big.Int).SetBytes(append(raw, twice[:4]...))
	var digits []byte
	for digit := new(big.Int); n.Sign() > 0; {
		n.DivMod(n, big.NewInt(58), digit)
		digits = append(digits, base58[digit.Int64()])
	}
	slices.Reverse(digits)
	return string(digits)
}

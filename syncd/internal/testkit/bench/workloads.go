package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Figures are what a workload measured, by the name of the row.
type figures map[string]float64

// A workload is a load and the figures it reports, in this order.
type workload struct {
	name    string
	play    play
	rows    []string
	restart bool // the server is restarted, most often between what is prepared and what is measured
	long    bool // only with -full, and in its first round alone
	run     func(r *run) (figures, error)
}

var (
	ingestRows = []string{"CPU ms a change", "acked/s", "ack p50 ms", "ack p99 ms", "bytes a change, both ways", "peak RSS MiB", "disk MiB"}
	fanoutRows = []string{"CPU ms a delivery", "p50 ms", "p99 ms", "bytes a delivery down", "bytes a delivery up", "peak RSS MiB"}
	stormRows  = []string{"CPU s", "all have all after s", "wire MB", "peak RSS MiB"}
	herdRows   = []string{"CPU s", "all have all after s", "p50 of the devices s", "refused or ended", "wire MB", "peak RSS MiB"}
	fetchRows  = []string{"CPU ms", "ms", "kB", "peak RSS MiB"}
	idleRows   = []string{"RSS KiB a connection", "CPU ms a minute", "RSS MiB fresh", "RSS MiB connected", "RSS MiB after all left"}
	crashRows  = []string{"acked", "acked and lost"}
)

// allWorkloads are in the order of the table. The counts of those that are not long keep make bench under ten minutes.
func allWorkloads(idleFor time.Duration) []workload {
	all := []workload{}
	add := func(name string, rows []string, p play, w workload) {
		w.name, w.rows, w.play = name, rows, p
		all = append(all, w)
	}
	fanOut := func(n int) play { return play{Kind: "fanout", Peers: n, Each: 50, PerSecond: 10, Within: 60} }
	storm := func(boards, devices, posts int) play {
		return play{Kind: "storm", Boards: boards, Peers: devices, Each: posts, Within: 90}
	}
	fetch := func(n int, undeclared bool) play {
		return play{Kind: "fetch", Each: n, Undeclared: undeclared, Read: true}
	}
	idle := func(n int) play { return play{Kind: "idle", Peers: n, Boards: 1000, Within: idleFor.Seconds()} }
	herd := func(n int) play {
		return play{Kind: "herd", Peers: herdBoard, Each: 1, Boards: n / herdBoard, Within: 90}
	}
	add("ingest, 1 writer", ingestRows, play{Kind: "ingest", Peers: 1, Each: 300}, workload{run: runIngest})
	add("ingest, 20 writers", ingestRows, play{Kind: "ingest", Peers: 20, Each: 200}, workload{run: runIngest})
	add("fan-out to 50", fanoutRows, fanOut(50), workload{run: runFanout})
	add("fan-out to 200", fanoutRows, fanOut(200), workload{run: runFanout})
	add("storm, 20 devices with 10 posts each", stormRows, storm(1, 20, 10), workload{run: runStorm})
	add("storm, 50 devices with 20 posts each", stormRows, storm(1, 50, 20), workload{run: runStorm})
	add("storm, 50 boards of 20 devices with 10 posts each", stormRows, storm(50, 20, 10), workload{run: runStorm, long: true})
	add("first sync, 1000 posts", fetchRows, fetch(1000, false), workload{run: runFetch, restart: true})
	add("first sync, 1000 posts, changes only", fetchRows, fetch(1000, true), workload{run: runFetch, restart: true})
	add("first sync, 10000 posts", fetchRows, fetch(10000, false), workload{run: runFetch, restart: true})
	add("first sync, 10000 posts, changes only", fetchRows, fetch(10000, true), workload{run: runFetch, restart: true, long: true})
	add("idle, 1000 connections on 1000 boards", idleRows, idle(1000), workload{run: runIdle})
	add("idle, 5000 connections on 1000 boards", idleRows, idle(5000), workload{run: runIdle, long: true})
	add("crash while 5 write", crashRows, play{Kind: "crash", Peers: 5}, workload{run: runCrash, restart: true})
	add("herd of 100 devices", herdRows, herd(100), workload{run: runHerd, restart: true})
	add("herd of 1000 devices", herdRows, herd(1000), workload{run: runHerd, restart: true})
	add("herd of 5000 devices", herdRows, herd(5000), workload{run: runHerd, restart: true, long: true})
	return all
}

// herdBoard is how many devices of a herd share a board.
const herdBoard = 20

// suits tells whether the workload says anything about the contender.
func (w workload) suits(c contender) bool {
	return !(w.restart && (c.forgets || c.running != nil)) && !(w.play.Undeclared && c.clients != "automerge")
}

// A run is a workload on one server.
type run struct {
	server  *server
	scene   scene
	restart bool

	result result
	spent  time.Duration // processor time of the server
	took   time.Duration
}

// measure does the whole of a workload but what is special about it: the server's part is from just before the act until it has had
// time to finish what the act left to do.
func (r *run) measure() error {
	if err := r.scene.prepare(r.server.url()); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	if r.restart {
		if err := r.server.restart(); err != nil {
			return err
		}
	}
	cpu, began := r.server.cpu(), time.Now()
	var err error
	if r.result, err = r.scene.act(r.server.url()); err != nil {
		return err
	}
	r.took = time.Since(began)
	time.Sleep(settleTime / 3)
	r.spent = r.server.cpu() - cpu
	if r.spent <= 0 {
		return fmt.Errorf("process %d used no processor time: is it the server?", r.server.pid)
	}
	if _, err = r.scene.check(r.server.url()); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	return nil
}

func runIngest(r *run) (figures, error) {
	if err := r.measure(); err != nil {
		return nil, err
	}
	n := float64(r.result.N)
	return figures{
		"CPU ms a change":           milliseconds(r.spent) / n,
		"acked/s":                   n / r.took.Seconds(),
		"ack p50 ms":                quantile(r.result.Waits, 0.50),
		"ack p99 ms":                quantile(r.result.Waits, 0.99),
		"bytes a change, both ways": float64(r.result.Down+r.result.Up) / n,
		"peak RSS MiB":              r.server.peakMemory(),
		"disk MiB":                  r.server.disk(),
	}, nil
}

func runFanout(r *run) (figures, error) {
	if err := r.measure(); err != nil {
		return nil, err
	}
	n := float64(r.result.N)
	return figures{
		"CPU ms a delivery":     milliseconds(r.spent) / n,
		"p50 ms":                quantile(r.result.Waits, 0.50),
		"p99 ms":                quantile(r.result.Waits, 0.99),
		"bytes a delivery down": float64(r.result.Down) / n,
		"bytes a delivery up":   float64(r.result.Up) / n,
		"peak RSS MiB":          r.server.peakMemory(),
	}, nil
}

func runStorm(r *run) (figures, error) {
	if err := r.measure(); err != nil {
		return nil, err
	}
	return figures{
		"CPU s":                r.spent.Seconds(),
		"all have all after s": quantile(r.result.Waits, 1) / 1000,
		"wire MB":              float64(r.result.Down+r.result.Up) / 1e6,
		"peak RSS MiB":         r.server.peakMemory(),
	}, nil
}

func runHerd(r *run) (figures, error) {
	f, err := runStorm(r)
	if err == nil {
		f["p50 of the devices s"] = quantile(r.result.Waits, 0.5) / 1000
		f["refused or ended"] = float64(r.result.Refused)
	}
	return f, err
}

func runFetch(r *run) (figures, error) {
	if err := r.measure(); err != nil {
		return nil, err
	}
	return figures{
		"CPU ms":       milliseconds(r.spent),
		"ms":           r.result.Waits[0],
		"kB":           float64(r.result.Down) / 1000,
		"peak RSS MiB": r.server.peakMemory(),
	}, nil
}

// returnShare is what a server may take of a fresh one's memory to have given it back.
const returnShare = 1.2

func runIdle(r *run) (figures, error) {
	fresh := r.server.memory()
	if err := r.scene.prepare(r.server.url()); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	time.Sleep(settleTime)
	cpu, began := r.server.cpu(), time.Now()
	var err error
	if r.result, err = r.scene.act(r.server.url()); err != nil {
		return nil, err
	}
	spent, took, connected := r.server.cpu()-cpu, time.Since(began), r.server.memory()
	if _, err := r.scene.check(r.server.url()); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	if err := r.scene.leave(); err != nil {
		return nil, err
	}
	after := r.server.memory()
	for left := time.Now(); after > fresh*returnShare && time.Since(left) < 2*took; after = r.server.memory() {
		time.Sleep(time.Second)
	}
	return figures{
		"RSS KiB a connection":   (connected - fresh) * 1024 / float64(r.result.N),
		"CPU ms a minute":        milliseconds(spent) / took.Minutes(),
		"RSS MiB fresh":          fresh,
		"RSS MiB connected":      connected,
		"RSS MiB after all left": after,
	}, nil
}

// crashAfter is how long the server is written to before it is killed.
const crashAfter = 700 * time.Millisecond

func runCrash(r *run) (figures, error) {
	if err := r.scene.prepare(r.server.url()); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	killed := time.AfterFunc(crashAfter, r.server.kill)
	_, err := r.scene.act(r.server.url())
	if killed.Stop() || err != nil {
		return nil, errors.Join(err, errors.New("the clients stopped before the server was killed"))
	}
	<-r.server.exited
	if err := r.server.launch(); err != nil {
		return nil, err
	}
	if r.result, err = r.scene.check(r.server.url()); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	return figures{"acked": float64(r.result.N), "acked and lost": float64(r.result.Missing)}, nil
}

// quantile sorts the values and returns the one at q.
func quantile(all []float64, q float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)-1, int(q*float64(len(all))))]
}

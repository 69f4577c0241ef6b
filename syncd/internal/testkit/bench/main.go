// Command bench puts the same load on several sync servers and prints what each spent.
//
// It promises the same load for all: posts are made once and the same in every run, clients answer as stock clients do, and every
// workload checks that at its end clients hold what they should, exactly. Servers take turns, workload by workload and round by round, so
// that what else the machine does hits all alike; a figure is the median of the rounds. It counts the server's own processor time and
// memory, from the kernel, and never the clients'. It shares no code with syncd: what both got wrong would not be seen. It owns the
// processes it starts and the directories they write to, leaves servers that run already as they are, and talks to this machine alone.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

const usage = `bench puts the same load on several sync servers and prints what each spent.

`

type options struct {
	syncd, dir, only, results string
	servers                   []string
	running                   []contender
	rounds                    int
	full, growth              bool
	idleFor                   time.Duration
}

func parse() options {
	o := options{}
	servers := flag.String("servers", "syncd,automerge-repo,hocuspocus,y-websocket", "servers to measure, the first is what the others are compared with; also: y-websocket-memory")
	flag.Func("server", "measure a server that runs already, on loopback: name=ws://127.0.0.1:3030/,pid=7[,protocol=automerge|hocuspocus|y-websocket][,dir=its data]; may be repeated, and only with -servers are others measured as well", func(text string) error {
		c, err := parseRunning(text)
		o.running = append(o.running, c)
		return err
	})
	flag.StringVar(&o.syncd, "syncd", "bin/syncd", "the syncd to measure")
	flag.StringVar(&o.dir, "dir", "syncd/internal/testkit/bench", "directory of posts.mjs and node_modules")
	flag.StringVar(&o.only, "only", "", "run only the workloads whose name contains one of these, which stand between |")
	flag.StringVar(&o.results, "results", "", "also write the table to this file, in Markdown, and plots to SVG files beside it")
	flag.IntVar(&o.rounds, "rounds", 1, "how many times each workload is run")
	flag.BoolVar(&o.full, "full", false, "run the long workloads as well, once")
	flag.BoolVar(&o.growth, "growth", false, "run other workloads instead: more and more changes and documents")
	flag.DurationVar(&o.idleFor, "idle", 7*time.Second, "how long idle connections are watched, and at most twice as long what comes back after them")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	named := false
	flag.Visit(func(f *flag.Flag) { named = named || f.Name == "servers" })
	if named || len(o.running) == 0 {
		o.servers = strings.Split(*servers, ",")
	}
	return o
}

func main() {
	if err := bench(parse(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(o options, w io.Writer) error {
	chosen, err := o.contenders()
	if err != nil {
		return err
	}
	loads := o.workloads()
	if len(loads) == 0 {
		return fmt.Errorf("no workload has %q in its name", o.only)
	}
	left := leftOut(chosen, loads)
	if left != "" {
		fmt.Fprintln(w, left)
	}
	scratch, err := os.MkdirTemp("", "tavle-bench-")
	if err != nil {
		return fmt.Errorf("make a directory for the servers: %w", err)
	}
	defer os.RemoveAll(scratch)
	count := postsMade
	if o.growth {
		count = growthMost + changesAdded
	}
	posts, err := makePosts(o.dir, scratch, count, branchesMade, branchPosts)
	if err != nil {
		return err
	}
	t := newTable(chosen, loads)
	before, began := machine(), time.Now()
	save := func() error {
		if o.results == "" {
			return nil
		}
		return t.write(o.results, fmt.Sprintf("%s Rounds: %d, %s in all. %s %s\n", before, o.rounds, time.Since(began).Round(time.Second), o.versions(), left))
	}
	failed := t.run(w, posts, o.rounds, save)
	return errors.Join(failed, t.print(w))
}

// Counts that every workload can do with.
const (
	postsMade    = 10_000
	branchesMade = 50
	branchPosts  = 20
)

// contenders are those chosen, with their commands filled in.
func (o options) contenders() ([]contender, error) {
	var chosen []contender
	for _, name := range o.servers {
		i := slices.IndexFunc(contenders, func(c contender) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no server %q", name)
		}
		c := contenders[i]
		c.command = strings.NewReplacer("{dir}", o.dir, "{syncd}", o.syncd).Replace(c.command)
		chosen = append(chosen, c)
	}
	chosen = append(chosen, o.running...)
	for i, c := range chosen {
		if slices.ContainsFunc(chosen[:i], func(other contender) bool { return other.name == c.name }) {
			return nil, fmt.Errorf("two servers are called %q", c.name)
		}
	}
	return chosen, nil
}

func (o options) workloads() []workload {
	all := allWorkloads(o.idleFor)
	if o.growth {
		all = growthWorkloads()
	}
	return slices.DeleteFunc(all, func(w workload) bool {
		named := slices.ContainsFunc(strings.Split(o.only, "|"), func(part string) bool { return strings.Contains(w.name, part) })
		return !named || w.long && !o.full && o.only == ""
	})
}

// run fills the table. A workload that fails is said so, and the others still run; that a rival cannot keep up is a result, and no
// error.
func (t *table) run(w io.Writer, posts *posts, rounds int, save func() error) error {
	var failed error
	for _, load := range t.workloads {
		for round := range rounds {
			for i, c := range t.contenders {
				if !load.suits(c) || load.long && round > 0 {
					continue
				}
				began := time.Now()
				f, err := load.on(c, posts)
				fmt.Fprintf(w, "%s, round %d, %s: %.1f s\n", load.name, round+1, c.name, time.Since(began).Seconds())
				if err == nil {
					t.measured[load.name][c.name] = append(t.measured[load.name][c.name], f)
					continue
				}
				t.failed[load.name][c.name] = err
				fmt.Fprintln(w, err)
				if i == 0 {
					failed = errors.Join(failed, fmt.Errorf("%s, %s: %w", load.name, c.name, err))
				}
			}
		}
		if err := save(); err != nil { // after each, so that a run that is ended early leaves something
			return errors.Join(failed, err)
		}
	}
	return failed
}

// on runs the workload on a server of its own.
func (w workload) on(c contender, posts *posts) (figures, error) {
	s, err := c.start(posts.scratch)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	var clients scene
	if c.clients == "automerge" {
		clients, err = newScene(w.play, posts)
	} else {
		clients, err = newYjs(w.play, c.clients, posts.dir)
	}
	if err != nil {
		return nil, err
	}
	f, err := w.run(&run{server: s, scene: clients, restart: w.restart})
	return f, errors.Join(err, clients.leave())
}

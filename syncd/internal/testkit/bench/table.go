package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// A workload is a load and the figures it reports, in this order.
type workload struct {
	name string
	rows []string
	run  func(*server, []post) (figures, error)
}

var (
	ingestRows    = []string{"CPU ms a change", "acked/s", "ack p50 ms", "ack p99 ms"}
	fanoutRows    = []string{"CPU ms a delivery", "p50 ms", "p99 ms", "bytes a delivery down", "bytes a delivery up"}
	firstSyncRows = []string{"CPU ms", "ms", "kB", "peak RSS MiB"}
)

var workloads = []workload{
	{"ingest, 1 writer", ingestRows, func(s *server, p []post) (figures, error) { return ingest(s, p, 1, ingestAlone) }},
	{fmt.Sprintf("ingest, %d writers", ingestWriters), ingestRows, func(s *server, p []post) (figures, error) {
		return ingest(s, p, ingestWriters, ingestEach)
	}},
	{fmt.Sprintf("fan-out to %d", fanoutFew), fanoutRows, func(s *server, p []post) (figures, error) { return fanout(s, p, fanoutFew) }},
	{fmt.Sprintf("fan-out to %d", fanoutMany), fanoutRows, func(s *server, p []post) (figures, error) { return fanout(s, p, fanoutMany) }},
	{fmt.Sprintf("first sync, %d posts", firstSyncSmall), firstSyncRows, func(s *server, p []post) (figures, error) {
		return firstSync(s, p[:firstSyncSmall+1])
	}},
	{fmt.Sprintf("first sync, %d posts", firstSyncLarge), firstSyncRows, func(s *server, p []post) (figures, error) {
		return firstSync(s, p[:firstSyncLarge+1])
	}},
}

// measureAll runs every workload on every contender, each on a server of its own, and prints one table. Ratios say how many times as
// much the last contender has as the first. A workload that fails is said so in its row, and the others still run.
func measureAll(w io.Writer, contenders []contender, posts []post, only string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	header := "workload\tfigure"
	for _, c := range contenders {
		fmt.Fprintf(w, "%s: %s\n", c.name, c.command)
		header += "\t" + c.name
	}
	fmt.Fprintln(w)
	fmt.Fprintln(table, header+"\tratio\t")
	var failed error
	for _, load := range workloads {
		if !strings.Contains(load.name, only) {
			continue
		}
		measured := make([]figures, len(contenders))
		for i, c := range contenders {
			var err error
			if measured[i], err = measure(c, load, posts); err != nil {
				err = fmt.Errorf("%s, server %s: %w", load.name, c.name, err)
				fmt.Fprintln(w, err)
				if i == 0 { // that the other cannot keep up is a result
					failed = err
				}
			}
		}
		printRows(table, load, measured)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	return failed
}

func measure(c contender, load workload, posts []post) (figures, error) {
	s, err := c.start()
	if err != nil {
		if s != nil && s.exited != nil {
			s.stop()
		}
		return nil, err
	}
	defer s.stop()
	return load.run(s, posts)
}

func printRows(w io.Writer, load workload, measured []figures) {
	name := load.name
	for _, row := range load.rows {
		line := name + "\t" + row
		for _, f := range measured {
			if f == nil {
				line += "\tfailed"
				continue
			}
			line += "\t" + number(f[row])
		}
		ratio := "–"
		if first, last := measured[0], measured[len(measured)-1]; len(measured) > 1 && first != nil && last != nil && first[row] > 0 {
			ratio = number(last[row] / first[row])
		}
		fmt.Fprintln(w, line+"\t"+ratio+"\t")
		name = ""
	}
}

// number has three significant digits, and never an exponent.
func number(f float64) string {
	switch {
	case f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	case f >= 1:
		return fmt.Sprintf("%.2f", f)
	default:
		return fmt.Sprintf("%.4f", f)
	}
}

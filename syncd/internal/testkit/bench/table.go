package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// A table holds what was measured: of each workload and each contender the figures of every round, in the order of the rounds.
type table struct {
	contenders []contender
	workloads  []workload
	measured   map[string]map[string][]figures // by workload, by contender
	failed     map[string]map[string]error     // the last error
}

func newTable(contenders []contender, workloads []workload) *table {
	t := &table{contenders: contenders, workloads: workloads, measured: map[string]map[string][]figures{}, failed: map[string]map[string]error{}}
	for _, w := range workloads {
		t.measured[w.name], t.failed[w.name] = map[string][]figures{}, map[string]error{}
	}
	return t
}

// median is the middle of all rounds, NaN if there is none.
func (t *table) median(w, c, row string) float64 {
	var all []float64
	for _, f := range t.measured[w][c] {
		all = append(all, f[row])
	}
	if len(all) == 0 {
		return math.NaN()
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// cell is the median with, but for the first contender, how many times as much as the first has it is.
func (t *table) cell(w workload, c contender, row string) string {
	value, first := t.median(w.name, c.name, row), t.median(w.name, t.contenders[0].name, row)
	switch {
	case !w.suits(c):
		return "–"
	case math.IsNaN(value) && t.failed[w.name][c.name] != nil:
		return "failed"
	case math.IsNaN(value):
		return "–"
	case c.name == t.contenders[0].name || !(first > 0) || value == 0:
		return number(value)
	}
	return number(value) + " ×" + ratio(value/first)
}

func (t *table) lines() [][]string {
	header := []string{"workload", "figure"}
	for _, c := range t.contenders {
		header = append(header, c.name)
	}
	lines := [][]string{header}
	for _, w := range t.workloads {
		name := w.name
		for _, row := range w.rows {
			line := []string{name, row}
			for _, c := range t.contenders {
				line = append(line, t.cell(w, c, row))
			}
			lines = append(lines, line)
			name = ""
		}
	}
	return lines
}

// print writes the table for a terminal.
func (t *table) print(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range t.lines() {
		fmt.Fprintln(out, strings.Join(line, "\t"))
	}
	return out.Flush()
}

// markdown is the table as RESULTS.md has it.
func (t *table) markdown() string {
	var b strings.Builder
	for i, line := range t.lines() {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			fmt.Fprintf(&b, "|---|---|%s\n", strings.Repeat("---:|", len(t.contenders)))
		}
	}
	for _, w := range t.workloads {
		for _, c := range t.contenders {
			if err := t.failed[w.name][c.name]; err != nil {
				fmt.Fprintf(&b, "\n%s, %s, in a round that failed: %s\n", w.name, c.name, strings.ReplaceAll(err.Error(), "\n", " "))
			}
		}
	}
	return b.String()
}

// number has three significant digits, and never an exponent.
func number(f float64) string {
	switch {
	case f == math.Trunc(f) || f >= 100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	case f >= 1:
		return fmt.Sprintf("%.2f", f)
	case f >= 0.1:
		return fmt.Sprintf("%.3f", f)
	default:
		return fmt.Sprintf("%.4f", f)
	}
}

func ratio(f float64) string {
	if f < 10 {
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.0f", f)
}

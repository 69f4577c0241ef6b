package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

const (
	plotLabel = 330 // pixels for the names of workloads
	plotWidth = 900
	plotBar   = 11
	plotGap   = 12
)

var plotColours = []string{"#1b6e53", "#c2571a", "#3a63ad", "#8a4f9e", "#8d7a1f"}

// plot draws the processor time of each workload, on a logarithmic scale, as an SVG file.
func (t *table) plot() string {
	var rows [][2]string // workload and row
	low, high := math.Inf(1), 0.0
	for _, w := range t.workloads {
		if !strings.HasPrefix(w.rows[0], "CPU") {
			continue
		}
		rows = append(rows, [2]string{w.name, w.rows[0]})
		for _, c := range t.contenders {
			if v := t.median(w.name, c.name, w.rows[0]); v > 0 {
				low, high = min(low, toMilliseconds(w.rows[0], v)), max(high, toMilliseconds(w.rows[0], v))
			}
		}
	}
	if len(rows) == 0 || high == 0 {
		return "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n"
	}
	low, high = math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	scale := float64(plotWidth-plotLabel-70) / max(1, high-low)
	at := func(v float64) float64 { return plotLabel + (math.Log10(v)-low)*scale }
	var b strings.Builder
	group := len(t.contenders)*plotBar + plotGap
	height := 60 + len(rows)*group + 30
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"11\">\n", plotWidth, height)
	fmt.Fprintf(&b, "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/><text x=\"10\" y=\"20\" font-size=\"14\">Processor time of the server, in ms, on a logarithmic scale: less is better</text>\n")
	for i, c := range t.contenders {
		x := 10 + i*150
		fmt.Fprintf(&b, "<rect x=\"%d\" y=\"32\" width=\"10\" height=\"10\" fill=\"%s\"/><text x=\"%d\" y=\"41\">%s</text>\n", x, plotColours[i%len(plotColours)], x+15, html.EscapeString(c.name))
	}
	for power := low; power <= high; power++ {
		x := at(math.Pow(10, power))
		fmt.Fprintf(&b, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"55\" y2=\"%d\" stroke=\"#ddd\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			x, x, height-25, x, height-10, html.EscapeString(fmt.Sprintf("%g", math.Pow(10, power))))
	}
	for i, row := range rows {
		top := 60 + i*group
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", plotLabel-8, top+plotBar, html.EscapeString(row[0]))
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#666\">%s</text>\n", plotLabel-8, top+2*plotBar+2, html.EscapeString(row[1]))
		for n, c := range t.contenders {
			v := toMilliseconds(row[1], t.median(row[0], c.name, row[1]))
			if !(v > 0) {
				continue
			}
			y := top + n*plotBar
			fmt.Fprintf(&b, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/><text x=\"%.1f\" y=\"%d\" font-size=\"9\">%s</text>\n",
				plotLabel, y, max(1, at(v)-plotLabel), plotBar-2, plotColours[n%len(plotColours)], at(v)+4, y+plotBar-3, number(v))
		}
	}
	return b.String() + "</svg>\n"
}

// toMilliseconds brings the two units of processor time together.
func toMilliseconds(row string, v float64) float64 {
	if row == "CPU s" {
		return v * 1000
	}
	return v
}

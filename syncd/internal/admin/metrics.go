package admin

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metric is one number that some part of syncd keeps anyway, at one moment. The
// parts know nothing of metrics.
type Metric struct {
	// Name ends in the unit, and in total if the number only grows:
	// tavle_loaded_bytes, tavle_changes_total.
	Name  string
	Help  string // the same for all metrics of a name
	Value float64

	// Gauge is true for what goes up and down; a counter only grows.
	Gauge bool

	// Label and Of tell metrics of one name apart: Label is what they differ
	// in, Of what this one is. Both are empty for a metric that stands alone.
	Label, Of string
}

// collector gives every scrape the numbers of one moment.
type collector func() []Metric

// Describe says nothing, which the registry takes as: see what comes.
func (collector) Describe(chan<- *prometheus.Desc) {}

func (c collector) Collect(out chan<- prometheus.Metric) {
	for _, m := range c() {
		kind := prometheus.CounterValue
		if m.Gauge {
			kind = prometheus.GaugeValue
		}
		var labels prometheus.Labels
		if m.Label != "" {
			labels = prometheus.Labels{m.Label: m.Of}
		}
		desc := prometheus.NewDesc(m.Name, m.Help, nil, labels)
		out <- prometheus.MustNewConstMetric(desc, kind, m.Value)
	}
}

// registry returns a registry with the metrics, and those of the Go runtime and
// of the process.
func registry(metrics func() []Metric) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collector(metrics),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return r
}

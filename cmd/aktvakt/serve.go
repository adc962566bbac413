package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// serve answers /metrics and /debug/pprof/ at an address of the loopback
// interface until stop is called; an empty address is nothing.
func serve(addr string, report func() progressReport) (stop func(), err error) {
	if addr == "" {
		return func() {}, nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &usageError{fmt.Sprintf("--pprof %q: %v", addr, err), "write host:port, such as localhost:6060"}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, &usageError{fmt.Sprintf("--pprof %q is not an address of the loopback interface", addr), "profiles show what is in memory: write localhost:6060 and reach it through ssh -L"}
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, &hinted{fmt.Errorf("--pprof: %w", err), "choose another port"}
	}
	reg := prometheus.NewRegistry()
	gauge := func(name, help string, value func(progressReport) int64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "aktvakt_run_" + name, Help: help},
			func() float64 { return float64(value(report())) }))
	}
	gauge("entries", "Entries listed by the run in progress.", func(p progressReport) int64 { return p.Entries })
	gauge("folders", "Folders listed by the run in progress.", func(p progressReport) int64 { return p.Folders })
	gauge("scanned", "Documents read by the run in progress.", func(p progressReport) int64 { return p.Scanned })
	gauge("unchanged", "Unchanged documents judged again by the run in progress.", func(p progressReport) int64 { return p.Unchanged })
	gauge("skipped", "Entries skipped by the run in progress.", func(p progressReport) int64 { return p.Skipped })
	gauge("findings", "Findings of the run in progress.", func(p progressReport) int64 { return p.Findings })
	gauge("bytes", "Bytes read by the run in progress.", func(p progressReport) int64 { return p.Bytes })
	gauge("started_seconds", "When the run in progress began, in seconds since 1970.", func(p progressReport) int64 { return p.Started.Unix() })
	gauge("left_seconds", "How long the run in progress may still take; 0 is not known.", func(p progressReport) int64 { return p.LeftS })
	gauge("busy", "Documents being read.", func(p progressReport) int64 { return int64(len(p.Busy)) })
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go srv.Serve(l)
	return func() { srv.Close() }, nil
}

//go:build tools

// Package tools pins the version of Prometheus 3 that the end-to-end tests run against.
package tools

import (
	_ "github.com/prometheus/prometheus/cmd/prometheus"
	_ "github.com/prometheus/prometheus/cmd/promtool"
)

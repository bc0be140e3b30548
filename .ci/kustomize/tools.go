//go:build tools

// Package tools pins the version of kustomize that the test of deploy/kubernetes uses.
package tools

import (
	_ "sigs.k8s.io/kustomize/kustomize/v5"
)

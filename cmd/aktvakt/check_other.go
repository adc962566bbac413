//go:build !linux

package main

// networkFS names the network file system that a folder lies on; elsewhere
// than on Linux it is not known.
func networkFS(string) string { return "" }

//go:build race

package worker

// raceEnabled: the race detector's shadow memory is counted as data, terabytes
// of it, so that no limit on memory makes sense.
const raceEnabled = true

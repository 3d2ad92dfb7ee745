//go:build race

package web

// raceDetector slows everything down several times over, so that timings mean nothing.
const raceDetector = true

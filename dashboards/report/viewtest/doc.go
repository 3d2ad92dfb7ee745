// Package viewtest builds views for the tests of the web page and the report: an empty one, one with a single finding, one
// full of hostile strings, and a made-up organisation of any size. The same call gives the same view.
package viewtest

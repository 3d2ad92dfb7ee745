// Package charts draws the few pictures that the web page and the weekly report share, as inline SVG.
//
// Every chart carries its figures as text (title, description, tooltips), tells its parts apart by pattern as well as by
// colour, takes all colours from CSS classes (so that dark mode and print are the style sheet's choice), escapes every
// text, and gives the same bytes for the same input. None has a style attribute: a strict content security policy holds.
package charts

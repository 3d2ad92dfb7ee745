// Package words holds how the web page and the weekly report say things: titles of kinds, meanings of verdicts, numbers,
// times, and names that came from somebody else's log. Both take them from here, so that one thing has one wording.
package words

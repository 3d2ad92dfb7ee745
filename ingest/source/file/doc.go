// Package file finds logs in a file system and knows how far each was read.
//
// Two kinds of files are told apart by their first bytes. A document is compressed, or one JSON array or wrapper: it is
// read once, when it has stopped changing. Lines grow: they are read as far as the last line that is complete, and go on
// from there. Files are known by what they hold and not by their names, so that rotation by renaming, by copying and
// truncating, or by compressing later what was read (a new file, with the same events) loses nothing.
package file

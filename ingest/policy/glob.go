package policy

import "github.com/grantwatch/grantwatch/access/catalogue"

// Glob reports whether s matches pattern: * (and **, the same) is any run of characters, ? is exactly one, everything else is
// itself. It is case-sensitive. An empty pattern matches the empty string only; the callers say what an absent one means.
func Glob(pattern, s string) bool { return catalogue.Match(pattern, s) }

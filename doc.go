// Package grantwatch finds access that nobody uses, nobody approved, or nobody revoked. The program is cmd/grantwatch;
// ARCHITECTURE.md draws the way of a record through the rooms of this module.
package grantwatch

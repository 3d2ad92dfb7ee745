// Package digest reads the chain of digests in which CloudTrail vouches for the log files that it has delivered, and says
// which hours it proves. A digest lists the files of an hour with their hashes, names the digest before it with its hash
// and its signature, and is signed itself. Nothing in here reads logs: what was read is given to it.
//
// The format is that of "CloudTrail digest file structure" and "Custom implementations of CloudTrail log file integrity
// validation" in the AWS CloudTrail User Guide. Hashes are of contents without compression.
package digest

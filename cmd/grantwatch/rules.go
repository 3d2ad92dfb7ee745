package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/rules"
)

// rulesCommand looks after rules: those that ship, and those that a configuration adds.
func rulesCommand() *cobra.Command {
	c := &cobra.Command{Use: "rules", Short: "Lists, checks, tests and explains rules"}
	var file string
	c.PersistentFlags().StringVarP(&file, "config", "c", "", "configuration file; without it the shipped rules alone")
	load := func() (*rules.Set, []rules.Problem, error) {
		o := rules.Options{Library: true}
		var governance []string
		if file != "" {
			cfg, err := config.Load(file, nil)
			if err != nil {
				return nil, nil, err
			}
			if o, err = app.RuleOptions(cfg, config.Files(cfg, nil)); err != nil {
				return nil, nil, err
			}
			if governance, err = config.Expand(o.FS, cfg.Governance); err != nil {
				return nil, nil, err
			}
		}
		set, problems := rules.Load(o)
		_, more := rules.LoadGovernance(o.FS, governance)
		return set, append(problems, more...), nil
	}
	c.AddCommand(rulesList(load), rulesLint(load), rulesTest(load), rulesExplain(load))
	return c
}

type loadRules func() (*rules.Set, []rules.Problem, error)

func rulesList(load loadRules) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Every rule, a line each", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			set, problems, err := load()
			if err != nil {
				return err
			}
			if rules.HasErrors(problems) {
				return &app.RuleError{Problems: problems}
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tON\tKIND\tSEVERITY\tTEAM\tTITLE")
			for _, r := range set.Rules() {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.On, r.Kind, r.Severity, r.Team, r.Title)
			}
			return w.Flush()
		},
	}
}

func rulesLint(load loadRules) *cobra.Command {
	return &cobra.Command{
		Use: "lint [FILE…]", Short: "Checks rule files: every problem with file, line, column and a caret",
		RunE: func(c *cobra.Command, args []string) error {
			set, problems, err := load()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				set, problems = rules.Load(rules.Options{Library: true, FS: config.Files(&config.Config{Dir: "."}, nil), Central: args})
			}
			problems = append(problems, rules.Lint(set)...)
			for _, p := range problems {
				fmt.Fprintln(c.OutOrStdout(), p.Error())
			}
			if rules.HasErrors(problems) {
				return &exitError{status: exitInput}
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%d rules, %d problems\n", len(set.Rules()), len(problems))
			return err
		},
	}
}

func rulesTest(load loadRules) *cobra.Command {
	return &cobra.Command{
		Use: "test", Short: "Runs the cases that every rule carries", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			set, problems, err := load()
			if err != nil {
				return err
			}
			if rules.HasErrors(problems) {
				return &app.RuleError{Problems: problems}
			}
			report := rules.RunTests(set)
			for _, r := range report.Results {
				if !r.OK {
					fmt.Fprintf(c.OutOrStdout(), "%s:%d: rule %s, test %q: want %s, got %s\n", r.File, r.Line, r.Rule, r.Test, r.Want, r.Got)
				}
			}
			fmt.Fprintf(c.OutOrStdout(), "%d rules, %d passed, %d failed\n", len(set.Rules()), report.Passed, report.Failed)
			if !report.OK() {
				return &exitError{status: exitFindings}
			}
			return nil
		},
	}
}

func rulesExplain(load loadRules) *cobra.Command {
	return &cobra.Command{
		Use: "explain ID", Short: "One page on one rule: what it says, its parameters and their tighter direction, its cases", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			set, problems, err := load()
			if err != nil {
				return err
			}
			if set.Rule(args[0]) == nil {
				if rules.HasErrors(problems) {
					return &app.RuleError{Problems: problems}
				}
				return fmt.Errorf("there is no rule %q; grantwatch rules list names them", args[0])
			}
			page := rules.Explain(set, args[0])
			_, err = fmt.Fprintln(c.OutOrStdout(), strings.TrimRight(page, "\n"))
			return err
		},
	}
}

// isMissing reports whether a file is not there, so that the message can say what to do.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

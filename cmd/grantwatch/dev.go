package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/alert/slack"
	"github.com/grantwatch/grantwatch/alert/slack/slackdev"
	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// devCommand holds what helps while something is built or shown.
func devCommand() *cobra.Command {
	c := &cobra.Command{Use: "dev", Short: "Made-up counterparts, for trying things out", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(devSlackCommand())
	return c
}

// The secrets of the made-up Slack: whoever reaches its loopback port may use it.
const (
	devToken    = "xoxb-dev"
	devAppToken = "xapp-dev"
	devSecret   = "signing-secret"
)

func devSlackCommand() *cobra.Command {
	var listen, users, request string
	var channels []string
	var fast, show bool
	c := &cobra.Command{
		Use: "slack", Short: "A made-up Slack on loopback, with a page on which its users read and press buttons", Args: cobra.NoArgs,
		Long: "Serves Slack's API as far as Grantwatch needs it, stricter than Slack, and a page that shows what was posted. Point\n" +
			"alert.slack.api_url at it and press the buttons as any of its users. Nothing is kept when it ends.",
		RunE: func(c *cobra.Command, _ []string) error {
			var f common
			o := slacktest.Options{Token: devToken, AppToken: devAppToken, SigningSecret: devSecret}
			if fast || show {
				o.Every = time.Nanosecond
			}
			if request != "" {
				o.RequestURL, o.OptionsURL = strings.TrimRight(request, "/")+"/slack/interactions", strings.TrimRight(request, "/")+"/slack/options"
			}
			people := []slacktest.User{
				{ID: "U0ANA", Name: "ana", RealName: "Ana Silva", Email: "ana@corp.example", Title: "payments"},
				{ID: "U0LI", Name: "li", RealName: "Li Wei", Email: "li@corp.example", Title: "platform"},
				{ID: "U0SAM", Name: "sam", RealName: "Sam Okafor", Email: "sam@corp.example", Title: "central security"},
			}
			if users != "" {
				raw, err := os.ReadFile(users)
				if err != nil {
					return err
				}
				if people, err = slackdev.Users(raw); err != nil {
					return fmt.Errorf("%s: %w", users, err)
				}
			}
			w, err := startWorkspace(c.Context(), listen, o, people, channels, f.log(c.ErrOrStderr()), false)
			if err != nil {
				return err
			}
			defer w.close()
			if show {
				if err := postSamples(c.Context(), w, slack.Config{Token: devToken, APIURL: w.url() + "api/", Now: time.Now, Every: time.Nanosecond, Buttons: true}); err != nil {
					return err
				}
			}
			out := c.OutOrStdout()
			fmt.Fprintf(out, "slack %s\n\nalert:\n  slack: {token_env: SLACK_TOKEN, app_token_env: SLACK_APP_TOKEN, mode: socket, api_url: \"%sapi/\"}\n\n", w.url(), w.url())
			fmt.Fprintf(out, "SLACK_TOKEN=%s SLACK_APP_TOKEN=%s (of mode http: signing secret %s)\nserved until you press ctrl-c\n", devToken, devAppToken, devSecret)
			<-c.Context().Done()
			return nil
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8430", "address; loopback only")
	c.Flags().StringVar(&users, "users", "", "JSON file with users: [{\"id\", \"name\", \"real_name\", \"email\", \"title\"}]")
	c.Flags().StringSliceVar(&channels, "channel", []string{"payments-access", "platform-access", "access-soc"}, "channels")
	c.Flags().StringVar(&request, "request-url", "", "where callbacks are posted, such as http://127.0.0.1:8440; Socket Mode without it")
	c.Flags().BoolVar(&show, "samples", false, "post one message of every kind, each into a channel of its own")
	c.Flags().BoolVar(&fast, "fast", false, "take more than a message a second in a channel, which Slack does not")
	return c
}

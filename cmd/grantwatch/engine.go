package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/store/engine"
)

// engineCommand is what the supervisor starts, and what `grantwatch engine --listen` runs alone.
func engineCommand() *cobra.Command {
	var cfg engine.ServeConfig
	c := &cobra.Command{
		Use: "engine", Short: "Runs the embedded ClickHouse engine alone", Args: cobra.NoArgs,
		Long: "Runs the embedded ClickHouse engine, serving ClickHouse's HTTP interface on --listen or --socket until it is\nstopped. The password, if one is wanted, is read from GRANTWATCH_ENGINE_PASSWORD.",
		RunE: func(c *cobra.Command, _ []string) error {
			cfg.Password = os.Getenv(engine.PasswordEnv)
			cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
			if cfg.Listen != "" {
				cfg.Ready = func() { fmt.Fprintf(c.ErrOrStderr(), "engine %s listens on http://%s\n", engine.Version, cfg.Listen) }
			}
			return engine.Serve(c.Context(), cfg)
		},
	}
	c.Flags().StringVar(&cfg.DataDir, "data", "", "data directory (required)")
	c.Flags().StringVar(&cfg.Socket, "socket", "", "unix socket to listen on")
	c.Flags().StringVar(&cfg.Listen, "listen", "", "TCP address to listen on, such as 127.0.0.1:8123")
	c.Flags().StringVar(&cfg.User, "user", "", "user name to ask for; none without it")
	_ = c.MarkFlagRequired("data")
	c.AddCommand(engineFetchCommand())
	return c
}

func engineFetchCommand() *cobra.Command {
	return &cobra.Command{
		Use: "fetch", Short: "Fetches the engine into the user's cache directory, once", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			path, err := engine.Find()
			if errors.Is(err, engine.ErrNotFetched) {
				bar := fetchBar(c.ErrOrStderr())
				path, err = engine.Fetch(c.Context(), bar)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), path)
			return err
		},
	}
}

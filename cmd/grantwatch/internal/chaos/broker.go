package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// broker is a real Apache Kafka of this run alone, started by deploy/kafka/up.sh.
type broker struct {
	data       string
	port       int
	wire       *wire // the way of all clients, which can be cut
	advertised int   // its port
	up         bool
}

func newBroker(data string) *broker { return &broker{data: data} }

// freePorts finds ports in a row that nobody listens on right now.
func freePorts(n int) (int, error) {
	var lc net.ListenConfig
	for range 50 {
		l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		first := l.Addr().(*net.TCPAddr).Port
		held := []net.Listener{l}
		for i := 1; i < n; i++ {
			if l, err = lc.Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(first+i))); err == nil {
				held = append(held, l)
			}
		}
		for _, l := range held {
			l.Close()
		}
		if len(held) == n {
			return first, nil
		}
	}
	return 0, errors.New("no free ports")
}

func (b *broker) script(ctx context.Context, name string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join("deploy", "kafka", name))
	cmd.Env = append(os.Environ(), fmt.Sprintf("KAFKA_PORT=%d", b.port), "KAFKA_DATA="+b.data,
		// A broker that was killed is let in again when its session with the controller is over.
		fmt.Sprintf("KAFKA_MORE=broker.session.timeout.ms=3000\nbroker.heartbeat.interval.ms=500\nadvertised.listeners=PLAINTEXT://127.0.0.1:%d", b.advertised))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, stderr.String())
	}
	lines := strings.Fields(string(out))
	if len(lines) == 0 {
		return "", nil
	}
	return lines[len(lines)-1], nil
}

// start starts it, or starts it again with the data that it had.
func (b *broker) start(ctx context.Context) error {
	if b.port == 0 {
		port, err := freePorts(2)
		if err != nil {
			return err
		}
		b.port = port
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0") // ends with the process
		if err != nil {
			return err
		}
		b.advertised = l.Addr().(*net.TCPAddr).Port
		b.wire = &wire{to: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), on: map[net.Conn]bool{}}
		go b.wire.serve(l)
	}
	if b.up {
		return nil
	}
	_, err := b.script(ctx, "up.sh")
	b.up = err == nil
	return err
}

func (b *broker) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(b.advertised)) }

// kill ends it as kill -9 does; the data stays.
func (b *broker) kill() error {
	text, err := os.ReadFile(filepath.Join(b.data, "pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	b.up = false
	return syscall.Kill(pid, syscall.SIGKILL)
}

// stop ends it and removes its data.
func (b *broker) stop() {
	if b.port == 0 {
		return
	}
	b.up = false
	if _, err := b.script(context.Background(), "down.sh"); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
}

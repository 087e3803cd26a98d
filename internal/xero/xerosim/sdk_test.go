package xerosim

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestOfficialSDK lets Xero's own Node SDK use the simulator (sdk/drive.mjs).
func TestOfficialSDK(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: the official SDK cannot be run")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	if _, err := os.Stat(filepath.Join("sdk", "node_modules", "xero-node")); err != nil {
		npm, err := exec.LookPath("npm")
		if err != nil {
			t.Skip("npm is not installed: the official SDK cannot be fetched")
		}
		if output, err := exec.CommandContext(ctx, npm, "ci", "--prefix", "sdk", "--ignore-scripts", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, output)
		}
	}

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sim := New(Options{})
	server := &http.Server{Handler: recordAnswers(t, sim.Handler()), ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	defer func() {
		sim.Close()
		_ = server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()

	output, err := exec.CommandContext(ctx, node, filepath.Join("sdk", "drive.mjs"), "http://"+ln.Addr().String()).CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		t.Fatalf("the official SDK found a difference: %v", err)
	}
}

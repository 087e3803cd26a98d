package program

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// FreePort is a port of 127.0.0.1 that was free a moment ago.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// repository is the root of the source.
func repository(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("where is the source?")
	}
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Nginx runs nginx with the shipped configuration in front of processes on the
// given ports, until the test ends; only what belongs to a machine
// is its own: the port, the addresses of the processes, the folder of the files.
func Nginx(t testing.TB, port int, upstream []int) {
	t.Helper()
	binary := "/usr/sbin/nginx"
	if found, err := exec.LookPath("nginx"); err == nil {
		binary = found
	} else if _, err := os.Stat(binary); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("nginx is not installed")
		}
		t.Skip("nginx is not installed; on Debian: apt-get install nginx-light")
	}
	root, dir := repository(t), t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	shipped, err := os.ReadFile(filepath.Join(root, "deploy/nginx/ampedfieldops.conf"))
	if err != nil {
		t.Fatal(err)
	}
	site := string(shipped)
	for _, r := range [][2]string{
		{"listen 8080;", fmt.Sprintf("listen 127.0.0.1:%d;", port)},
		{"/etc/nginx/ampedfieldops-headers.conf", filepath.Join(root, "deploy/nginx/headers.conf")},
		{"root /usr/share/nginx/html;", "root " + filepath.Join(root, "web/dist") + ";"},
	} {
		if !strings.Contains(site, r[0]) {
			t.Fatalf("the configuration lacks %q", r[0])
		}
		site = strings.ReplaceAll(site, r[0], r[1])
	}
	var servers strings.Builder
	for _, p := range upstream {
		fmt.Fprintf(&servers, "server 127.0.0.1:%d max_fails=1 fail_timeout=1s;\n", p)
	}
	whole := fmt.Sprintf(`daemon off; worker_processes 2; pid %[1]s/pid; error_log %[1]s/error.log warn;
user root;
events { worker_connections 12000; }
http {
include /etc/nginx/mime.types; access_log off;
client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
upstream ampedfieldops { zone ampedfieldops 64k; %[2]s keepalive 32; }
%[3]s
}`, dir, servers.String(), site)
	if os.Getuid() != 0 {
		whole = strings.Replace(whole, "user root;\n", "", 1)
	}
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), binary, "-t", "-c", config).CombinedOutput(); err != nil {
		t.Fatalf("nginx refuses the configuration: %v\n%s", err, said)
	}
	running := exec.Command(binary, "-c", config)
	running.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = running.Process.Signal(syscall.SIGTERM)
		_ = running.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("nginx said:\n%.2000s", log)
		}
	})
	Until(t, "nginx answers", func() bool {
		conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// Until waits at most 30 s until something is so.
func Until(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

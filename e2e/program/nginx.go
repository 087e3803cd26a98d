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
// given ports, until the test ends; only what belongs to a machine is its own: the
// port, the addresses of the processes, the folders.
func Nginx(t testing.TB, port int, upstream []int) {
	t.Helper()
	nginx(t, "ampedfieldops.conf", port, upstream, "listen 8080;", fmt.Sprintf("listen 127.0.0.1:%d;", port))
}

// NginxTLS is Nginx with the sample for TLS, and a certificate in two files.
func NginxTLS(t testing.TB, plainPort, port int, upstream []int, certificate, key string) {
	t.Helper()
	nginx(t, "tls.conf.sample", port, upstream,
		"listen 8080;", fmt.Sprintf("listen 127.0.0.1:%d;", plainPort),
		"listen 8443 ssl http2;", fmt.Sprintf("listen 127.0.0.1:%d ssl http2;", port),
		"/etc/nginx/tls/fullchain.pem", certificate, "/etc/nginx/tls/privkey.pem", key)
}

// nginx runs nginx with one of the shipped sites, in which each text is replaced
// by the one behind it.
func nginx(t testing.TB, site string, port int, upstream []int, replaced ...string) {
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
	// install puts a shipped file where this nginx reads it.
	install := func(name, as string, replaced ...string) string {
		shipped, err := os.ReadFile(filepath.Join(root, "deploy/nginx", name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(shipped)
		for i := 0; i+1 < len(replaced); i += 2 {
			if !strings.Contains(text, replaced[i]) {
				t.Fatalf("%s lacks %q", name, replaced[i])
			}
			text = strings.ReplaceAll(text, replaced[i], replaced[i+1])
		}
		as = filepath.Join(dir, as)
		if err := os.WriteFile(as, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return as
	}
	headers := install("headers.conf", "headers")
	locations := install("locations.conf", "locations",
		"/etc/nginx/ampedfieldops-headers.conf", headers,
		"root /usr/share/nginx/html;", "root "+filepath.Join(root, "web/dist")+";")
	install(site, "site.conf", append(replaced, "/etc/nginx/ampedfieldops-locations.conf", locations)...)
	var servers strings.Builder
	for _, p := range upstream {
		fmt.Fprintf(&servers, "server 127.0.0.1:%d max_fails=1 fail_timeout=1s;\n", p)
	}
	if err := os.WriteFile(filepath.Join(dir, "upstream.conf"), fmt.Appendf(nil, "upstream ampedfieldops { zone ampedfieldops 64k; %s keepalive 32; }\n", &servers), 0o600); err != nil {
		t.Fatal(err)
	}
	config := install("nginx.conf", "nginx",
		"/tmp/", dir+"/", "/var/log/nginx/error.log notice", filepath.Join(dir, "error.log")+" warn",
		"/var/log/nginx/access.log", filepath.Join(dir, "access.log"), "/etc/nginx/conf.d/*.conf", filepath.Join(dir, "*.conf"))
	whole := "daemon off;"
	if os.Getuid() == 0 {
		whole += " user root;" // whose folders these are
	}
	if said, err := exec.CommandContext(t.Context(), binary, "-t", "-c", config, "-g", whole).CombinedOutput(); err != nil {
		t.Fatalf("nginx refuses the configuration: %v\n%s", err, said)
	}
	running := exec.Command(binary, "-c", config, "-g", whole)
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

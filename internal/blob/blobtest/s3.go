package blobtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"ampedfieldops/internal/blob"
)

// The keys of the S3 server, which nobody else reaches.
const (
	s3AccessKey = "blobtest"
	s3Secret    = "blobtest-secret-of-this-machine-only"
	s3Region    = "us-east-1"
)

// startTimeout is far above what starting takes, for a machine whose every core is
// busy with other tests.
const startTimeout = 60 * time.Second

// server is the S3 server of this process.
var server struct {
	once     sync.Once
	endpoint string
	err      error
}

// S3 returns the settings of a new, empty bucket for this test alone, on an S3
// server (versitygw, with a folder behind it) that all tests of a test binary
// share. The server runs on a free port of 127.0.0.1 and ends with the binary,
// however that ends.
//
// Where versitygw was not built (scripts/ensure-tools does it) the test is
// skipped, and fails when CI=true.
func S3(t testing.TB) blob.S3Config {
	t.Helper()
	server.once.Do(func() { server.endpoint, server.err = startS3() })
	if errors.Is(server.err, errNotBuilt) && os.Getenv("CI") != "true" {
		t.Skipf("blobtest: %v", server.err)
	}
	if server.err != nil {
		t.Fatalf("blobtest: %v", server.err)
	}
	config := blob.S3Config{
		Bucket: "t-" + strings.ToLower(rand.Text()), Region: s3Region, Endpoint: server.endpoint,
		AccessKeyID: s3AccessKey, SecretAccessKey: s3Secret,
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := S3Client(t, config).MakeBucket(ctx, config.Bucket, minio.MakeBucketOptions{Region: s3Region}); err != nil {
		t.Fatalf("blobtest: make a bucket: %v", err)
	}
	return config
}

// S3Client is a client of somebody else's for the server behind the settings, for
// what a test wants to see of it.
func S3Client(t testing.TB, config blob.S3Config) *minio.Core {
	t.Helper()
	client, err := minio.NewCore(strings.TrimPrefix(config.Endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(config.AccessKeyID, config.SecretAccessKey, ""), Region: config.Region,
		BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		t.Fatalf("blobtest: %v", err)
	}
	return client
}

var errNotBuilt = errors.New("versitygw is not built; scripts/ensure-tools builds it")

// versitygw finds the server's program: on the PATH, or where scripts/ensure-tools
// puts it in the repository that the tests run in.
func versitygw() (string, error) {
	if program, err := exec.LookPath("versitygw"); err == nil {
		return program, nil
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		program := filepath.Join(folder, "bin", "tools", "versitygw")
		if info, err := os.Stat(program); err == nil && info.Mode().IsRegular() {
			return program, nil
		}
		if folder == filepath.Dir(folder) {
			return "", errNotBuilt
		}
		folder = filepath.Dir(folder)
	}
}

// startS3 starts the server. Another process may take the free port before the
// server does, hence more than one try.
func startS3() (endpoint string, err error) {
	program, err := versitygw()
	if err != nil {
		return "", err
	}
	var faults []error
	for range 3 {
		endpoint, err := startS3Once(program)
		if err == nil {
			return endpoint, nil
		}
		faults = append(faults, err)
	}
	return "", errors.Join(faults...)
}

func startS3Once(program string) (endpoint string, err error) {
	address, err := freeAddress()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "ampedfieldops-versitygw-")
	if err != nil {
		return "", err
	}
	// What the server knows of an object is in a folder of its own, since not each
	// file system has extended attributes.
	data, sidecar := filepath.Join(dir, "data"), filepath.Join(dir, "sidecar")
	if err := errors.Join(os.Mkdir(data, 0o700), os.Mkdir(sidecar, 0o700)); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	stopped, err := startGuarded(dir, program, "--port", address, "--region", s3Region, "--health", "/health", "--quiet",
		"posix", "--sidecar", sidecar, data)
	if err != nil {
		return "", err
	}
	return "http://" + address, waitUntilReady(stopped, "http://"+address+"/health")
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// guard is the shell script that runs the server and outlives us. It holds the
// reading end of a pipe whose other end only this process has: when we end, by
// whatever cause, the pipe closes, the server is told to stop and its folder is
// removed. If the server ends first, the folder with its log stays for us.
const guard = `
dir=$1
shift
exec 3<&0
"$@" </dev/null >"$dir/log" 2>&1 3<&- &
server=$!
{ read -r _ <&3; touch "$dir/abandoned"; kill -s KILL "$server"; } &
wait "$server"
if [ -e "$dir/abandoned" ]; then rm -rf "$dir"; else kill "$!"; fi
`

// startGuarded runs the server in dir under the guard. The returned channel gets
// one error if the server ends while we still live.
func startGuarded(dir string, command ...string) (<-chan error, error) {
	pipe, ours, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", guard, "guard", dir}, command...)...)
	cmd.Dir, cmd.Stdin = dir, pipe
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s3AccessKey, "ROOT_SECRET_KEY="+s3Secret)
	// A group of its own: what is sent to the tests' group must not stop the guard before its work is done.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := errors.Join(cmd.Start(), pipe.Close()); err != nil {
		return nil, errors.Join(err, ours.Close(), os.RemoveAll(dir))
	}
	stopped := make(chan error, 1)
	go func() { // ends with the server, at the latest with this process
		err := cmd.Wait()
		log, errLog := os.ReadFile(filepath.Join(dir, "log"))
		stopped <- errors.Join(fmt.Errorf("versitygw ended; it said:\n%s", log), err, errLog, ours.Close(), os.RemoveAll(dir))
	}()
	return stopped, nil
}

// waitUntilReady returns once the server answers, or with the reason why it never will.
func waitUntilReady(stopped <-chan error, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ping(ctx, address)
		if err == nil {
			return nil
		}
		select {
		case err := <-stopped:
			return err
		case <-ctx.Done():
			return fmt.Errorf("versitygw is not ready after %v: %w", startTimeout, err)
		case <-tick.C:
		}
	}
}

func ping(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return errors.Join(err, response.Body.Close())
}

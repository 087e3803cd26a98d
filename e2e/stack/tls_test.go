package stack

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ampedfieldops/e2e/program"
)

// sampleName is the name in the sample.
const sampleName = "fieldops.example.co.nz"

// certificate makes a certificate that signs itself, for the sample's name.
func certificate(t *testing.T) (file, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: sampleName}, DNSNames: []string{sampleName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	made, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyBytes, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	read, err := x509.ParseCertificate(made)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(read)
	return write("fullchain.pem", "CERTIFICATE", made), write("privkey.pem", "PRIVATE KEY", keyBytes), pool
}

// encrypted runs nginx with the sample for TLS in front of the same processes.
func (s *stack) encrypted(t *testing.T) {
	file, key, pool := certificate(t)
	plain, port := program.FreePort(t), program.FreePort(t)
	program.NginxTLS(t, plain, port, s.ports(), file, key)

	client := func(c *tls.Config) *http.Client {
		transport := &http.Transport{
			TLSClientConfig: c, ForceAttemptHTTP2: true,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				to := fmt.Sprintf("127.0.0.1:%d", port)
				if _, asked, _ := net.SplitHostPort(address); asked == "80" {
					to = fmt.Sprintf("127.0.0.1:%d", plain)
				}
				return new(net.Dialer).DialContext(ctx, network, to)
			},
		}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	browser := client(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	ask := func(method, address string, body []byte) (*http.Response, []byte) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+s.front.Token)
		request.Header.Set("Content-Type", "application/json")
		response, err := browser.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, answer
	}

	response, _ := ask("GET", "http://"+sampleName+"/projects?page=2", nil)
	if to := response.Header.Get("Location"); response.StatusCode != http.StatusMovedPermanently || to != "https://"+sampleName+"/projects?page=2" || response.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("without TLS: %d to %q, %v", response.StatusCode, to, response.Header)
	}
	if response, body := ask("GET", "http://"+sampleName+"/nginx-health", nil); response.StatusCode != http.StatusOK || string(body) != "ok\n" {
		t.Errorf("the health check without TLS: %d %s", response.StatusCode, body)
	}
	for _, path := range []string{"/", "/theme.js", "/projects/any", "/api/clients?limit=1", "/readyz"} {
		response, body := ask("GET", "https://"+sampleName+path, nil)
		if hsts := response.Header.Values("Strict-Transport-Security"); response.StatusCode != http.StatusOK || response.ProtoMajor != 2 || len(hsts) != 1 || hsts[0] != "max-age=31536000" {
			t.Errorf("https %s: %s %d, HSTS %q, %.100s", path, response.Proto, response.StatusCode, hsts, body)
		}
	}
	response, body := ask("POST", "https://"+sampleName+"/api/auth/login", []byte(`{"email":"admin@demo.test","password":"demo-password"}`))
	if cookies := response.Cookies(); response.StatusCode != http.StatusOK || len(cookies) == 0 || !cookies[0].Secure {
		t.Errorf("signing in: %d, cookies %v, %.200s", response.StatusCode, cookies, body)
	}
	watching, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+sampleName+"/api/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	watching.Header.Set("Authorization", "Bearer "+s.front.Token)
	live, err := browser.Do(watching)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	if line, err := bufio.NewReader(live.Body).ReadString('\n'); err != nil || line != "retry: 2000\n" {
		t.Errorf("live events begin with %q, %v", line, err)
	}

	old := client(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if response, err := old.Get("https://" + sampleName + "/"); err == nil {
		response.Body.Close()
		t.Errorf("TLS 1.1 was accepted: %d", response.StatusCode)
	}
}

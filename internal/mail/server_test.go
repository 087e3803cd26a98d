package mail

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// smtpServer is as much of a mail server as a client meets.
type smtpServer struct {
	ln net.Listener
	// What it does otherwise than all being well.
	noTLS    bool
	implicit bool              // encrypted from the first byte
	replies  map[string]string // to a verb, instead of yes
	hangUp   string            // after which verb it breaks off without an answer
	stall    string            // after which verb it never answers
	login    string            // user and password that it takes

	certificate tls.Certificate
	roots       *x509.CertPool
	done        chan struct{}
	wg          sync.WaitGroup

	mu       sync.Mutex
	messages []string
	signedIn []string
	secure   bool // of the last message
}

func startServer(t *testing.T, change func(*smtpServer)) *smtpServer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's own listener
	if err != nil {
		t.Fatal(err)
	}
	s := &smtpServer{ln: ln, done: make(chan struct{})}
	s.certificate, s.roots = certify(t)
	if change != nil {
		change(s)
	}
	s.wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() { s.converse(conn) })
		}
	})
	t.Cleanup(func() {
		close(s.done)
		_ = ln.Close()
		s.wg.Wait()
	})
	return s
}

func (s *smtpServer) port() int { return s.ln.Addr().(*net.TCPAddr).Port }

func (s *smtpServer) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.messages...)
}

func (s *smtpServer) converse(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	encryption := &tls.Config{Certificates: []tls.Certificate{s.certificate}, MinVersion: tls.VersionTLS12}
	secure := s.implicit
	if s.implicit {
		conn = tls.Server(conn, encryption)
	}
	lines := bufio.NewReader(conn)
	say := func(reply string) { _, _ = conn.Write([]byte(strings.ReplaceAll(reply, "\n", "\r\n") + "\r\n")) }
	say("220 test ESMTP")
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case s.hangUp == verb:
			return
		case s.stall == verb:
			<-s.done
			return
		case s.replies[verb] != "":
			say(s.replies[verb])
			continue
		}
		switch verb {
		case "EHLO", "HELO":
			extensions := "250-test\n250-8BITMIME\n"
			if !s.noTLS && !secure {
				extensions += "250-STARTTLS\n"
			}
			if s.login != "" {
				extensions += "250-AUTH PLAIN LOGIN\n"
			}
			say(extensions + "250 HELP")
		case "STARTTLS":
			say("220 go ahead")
			encrypted := tls.Server(conn, encryption)
			conn, secure = encrypted, true
			lines = bufio.NewReader(conn)
		case "AUTH":
			_, token, _ := strings.Cut(line[len("AUTH "):], " ")
			given, _ := base64.StdEncoding.DecodeString(token)
			login := strings.Trim(strings.ReplaceAll(string(given), "\x00", " "), " ")
			s.mu.Lock()
			s.signedIn = append(s.signedIn, login)
			s.mu.Unlock()
			if login != s.login {
				say("535 5.7.8 wrong")
				continue
			}
			say("235 welcome")
		case "DATA":
			say("354 go on")
			var message strings.Builder
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				message.WriteString(line)
			}
			s.mu.Lock()
			s.messages, s.secure = append(s.messages, message.String()), secure
			s.mu.Unlock()
			switch {
			case s.hangUp == "END":
				return
			case s.replies["END"] != "":
				say(s.replies["END"])
			default:
				say("250 2.0.0 taken")
			}
		case "QUIT":
			say("221 bye")
			return
		default:
			_ = rest
			say("250 2.0.0 yes")
		}
	}
}

// certify makes a certificate for 127.0.0.1 and localhost that only roots trust.
func certify(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

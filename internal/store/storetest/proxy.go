package storetest

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy passes TCP on to a server of this machine, later by a delay.
type Proxy struct {
	Port  int
	delay atomic.Int64
}

// NewProxy begins to pass on to an address until the test ends.
func NewProxy(t testing.TB, to string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Port: listener.Addr().(*net.TCPAddr).Port}
	var works sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	ended := false
	works.Go(func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return // closed
			}
			out, err := net.DialTimeout("tcp", to, time.Second)
			mu.Lock()
			if err != nil || ended {
				in.Close()
				if out != nil {
					out.Close()
				}
				mu.Unlock()
				continue
			}
			conns = append(conns, in, out)
			mu.Unlock()
			works.Go(func() { p.pass(in, out) })
			works.Go(func() { p.pass(out, in) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		ended = true
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		works.Wait()
	})
	return p
}

// Delay has each piece wait so long before it is passed on, from now on.
func (p *Proxy) Delay(d time.Duration) { p.delay.Store(int64(d)) }

func (p *Proxy) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			time.Sleep(time.Duration(p.delay.Load()))
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

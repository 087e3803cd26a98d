package chaos

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy passes TCP on to another address of this machine, until it is told to
// misbehave.
type proxy struct {
	to       string
	listener net.Listener
	closing  context.Context

	mu    sync.Mutex
	conns map[net.Conn]bool
	delay time.Duration // before each piece
	deaf  bool          // nothing is passed on, and nobody is told
	shut  bool          // nobody is let in
	works sync.WaitGroup
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &proxy{to: to, listener: l, closing: ctx, conns: map[net.Conn]bool{}}
	p.works.Go(p.accept)
	t.Cleanup(func() {
		cancel()
		l.Close()
		p.cut()
		p.works.Wait()
	})
	return p
}

func (p *proxy) address() (host string, port int) {
	a := p.listener.Addr().(*net.TCPAddr)
	return a.IP.String(), a.Port
}

func (p *proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.mu.Lock()
		shut := p.shut
		p.mu.Unlock()
		if shut {
			in.Close()
			continue
		}
		out, err := net.DialTimeout("tcp", p.to, 2*time.Second)
		if err != nil {
			in.Close()
			continue
		}
		p.mu.Lock()
		p.conns[in], p.conns[out] = true, true
		p.mu.Unlock()
		p.works.Go(func() { p.copy(in, out) })
		p.works.Go(func() { p.copy(out, in) })
	}
}

// copy passes on what comes, piece by piece, as the proxy is told at the time.
func (p *proxy) copy(from, to net.Conn) {
	defer func() {
		p.mu.Lock()
		delete(p.conns, from)
		delete(p.conns, to)
		p.mu.Unlock()
		from.Close()
		to.Close()
	}()
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			for {
				p.mu.Lock()
				delay, deaf := p.delay, p.deaf
				p.mu.Unlock()
				if delay > 0 {
					p.wait(delay)
				}
				if !deaf || p.closing.Err() != nil {
					break
				}
				p.wait(50 * time.Millisecond)
			}
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.closing.Done():
	}
}

// set says how it behaves from now on.
func (p *proxy) set(delay time.Duration, deaf, shut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay, p.deaf, p.shut = delay, deaf, shut
}

// cut resets every connection there is.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		c.Close()
	}
}

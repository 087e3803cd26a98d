package storetest

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy passes TCP on to a server of this machine, until it is told to misbehave.
type Proxy struct {
	Port     int
	to       string
	listener net.Listener
	closing  context.Context

	mu     sync.Mutex
	conns  map[net.Conn]bool
	delay  time.Duration     // before each piece
	deaf   bool              // nothing is passed on, and nobody is told
	shut   bool              // nobody is let in
	lose   []string          // see LoseAnswer
	losing net.Conn          // which has begun to ask them
	hushed map[net.Conn]bool // whose words are not passed on
	works  sync.WaitGroup
}

// NewProxy begins to pass on to an address until the test ends.
func NewProxy(t testing.TB, to string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Proxy{Port: l.Addr().(*net.TCPAddr).Port, to: to, listener: l, closing: ctx, conns: map[net.Conn]bool{}, hushed: map[net.Conn]bool{}}
	p.works.Go(p.accept)
	t.Cleanup(func() {
		cancel()
		l.Close()
		p.Cut()
		p.works.Wait()
	})
	return p
}

func (p *Proxy) accept() {
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
		p.works.Go(func() { p.copy(in, out, true) })
		p.works.Go(func() { p.copy(out, in, false) })
	}
}

// copy passes on what comes, piece by piece, as the proxy is told at the time.
func (p *Proxy) copy(from, to net.Conn, asks bool) {
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
				delay, deaf := p.delay, p.deaf || p.hushed[from]
				p.mu.Unlock()
				if delay > 0 {
					p.wait(delay)
				}
				if !deaf || p.closing.Err() != nil {
					break
				}
				p.wait(50 * time.Millisecond)
			}
			lost := asks && p.loses(from, piece[:n])
			if lost { // nobody reads the answer
				p.hush(to)
			}
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
			if lost {
				p.wait(200 * time.Millisecond) // until the server has done it
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.closing.Done():
	}
}

// LoseAnswer has the connection be lost on which texts are asked one after the
// other: the server gets the last of them too, and whoever asked hears nothing.
func (p *Proxy) LoseAnswer(texts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose, p.losing = texts, nil
}

func (p *Proxy) loses(c net.Conn, piece []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lose) == 0 || p.losing != nil && p.losing != c || !bytes.Contains(piece, []byte(p.lose[0])) {
		return false
	}
	p.lose, p.losing = p.lose[1:], c
	return len(p.lose) == 0
}

func (p *Proxy) hush(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hushed[c] = true
}

// Delay has each piece wait so long before it is passed on, from now on.
func (p *Proxy) Delay(d time.Duration) { p.Set(d, false, false) }

// Set says how it behaves from now on: how long each piece waits before it is passed
// on; deaf, whether nothing is passed on and nobody is told; shut, whether nobody is
// let in.
func (p *Proxy) Set(delay time.Duration, deaf, shut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay, p.deaf, p.shut = delay, deaf, shut
}

// Cut resets every connection there is.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		c.Close()
	}
}

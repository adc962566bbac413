package sambatest

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy stands between clients and a server as a slow or bad network does.
type Proxy struct {
	// Host and Port are where clients connect to.
	Host string
	Port int

	to       string
	delay    time.Duration
	listener net.Listener
	accepted atomic.Int64
	refuse   atomic.Bool
	limit    atomic.Int64 // bytes from the server after which a connection is cut, 0 for none
	tamper   func(command uint16) (status uint32)

	mu    sync.Mutex
	conns map[net.Conn]bool
	done  bool
	wg    sync.WaitGroup
}

// Proxy starts a proxy that delays every byte by delay in each direction. The
// bandwidth stays as it is.
func (s *Server) Proxy(delay time.Duration) *Proxy { return s.proxy(delay, nil) }

// FaultyProxy starts a proxy that lets answers fail: status is asked for the
// NT status of each good answer to a command, 0 to leave it. Signed or
// encrypted answers cannot be changed.
func (s *Server) FaultyProxy(status func(command uint16) uint32) *Proxy { return s.proxy(0, status) }

func (s *Server) proxy(delay time.Duration, tamper func(uint16) uint32) *Proxy {
	s.t.Helper()
	l, err := net.Listen("tcp", s.Addr+":0")
	if err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
	p := &Proxy{
		Host: s.Addr, Port: l.Addr().(*net.TCPAddr).Port,
		to: s.Addr + ":445", delay: delay, listener: l, conns: map[net.Conn]bool{}, tamper: tamper,
	}
	s.t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		p.done = true
		p.mu.Unlock()
		p.Cut()
		p.wg.Wait()
	})
	p.wg.Go(p.serve)
	return p
}

// Cut closes all present connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

// CutAfter cuts each connection from now on when the server has sent n bytes
// on it; 0 ends that.
func (p *Proxy) CutAfter(n int64) { p.limit.Store(n) }

// Refuse makes the proxy close new connections at once.
func (p *Proxy) Refuse(on bool) { p.refuse.Store(on) }

// Connections returns how many connections clients have made.
func (p *Proxy) Connections() int { return int(p.accepted.Load()) }

func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		c.Close()
		return false
	}
	p.conns[c] = true
	return true
}

func (p *Proxy) forget(c net.Conn) {
	c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

func (p *Proxy) serve() {
	for {
		a, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.accepted.Add(1)
		if p.refuse.Load() {
			a.Close()
			continue
		}
		b, err := net.Dial("tcp", p.to)
		if err != nil {
			a.Close()
			continue
		}
		if !p.keep(a) || !p.keep(b) {
			a.Close()
			b.Close()
			return
		}
		var sent atomic.Int64
		p.wg.Go(func() { p.pump(a, b, nil) })
		p.wg.Go(func() { p.pump(b, a, &sent) })
	}
}

type chunk struct {
	at time.Time
	b  []byte
}

func (p *Proxy) pump(src, dst net.Conn, sent *atomic.Int64) {
	ch := make(chan chunk, 1<<14)
	p.wg.Go(func() {
		for c := range ch {
			time.Sleep(time.Until(c.at))
			if _, err := dst.Write(c.b); err != nil {
				break
			}
		}
		p.forget(dst)
		for range ch {
		}
	})
	defer close(ch)
	defer p.forget(src)
	read := src.Read
	if p.tamper != nil && sent != nil {
		read = (&answers{src: src, tamper: p.tamper}).Read
	}
	for {
		b := make([]byte, 64<<10)
		n, err := read(b)
		if n > 0 {
			ch <- chunk{time.Now().Add(p.delay), b[:n]}
		}
		if sent != nil {
			if limit := p.limit.Load(); sent.Add(int64(n)) > limit && limit > 0 {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// answers reads a server's answers and changes their statuses.
type answers struct {
	src    io.Reader
	tamper func(command uint16) uint32
	rest   []byte
}

func (a *answers) Read(p []byte) (int, error) {
	if len(a.rest) == 0 {
		if err := a.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// next reads one message: four bytes of length, then answers, each with the
// offset of the next one, MS-SMB2 2.1 and 2.2.1.2.
func (a *answers) next() error {
	var head [4]byte
	if _, err := io.ReadFull(a.src, head[:]); err != nil {
		return err
	}
	a.rest = make([]byte, 4+binary.BigEndian.Uint32(head[:])&0xFFFFFF)
	copy(a.rest, head[:])
	if _, err := io.ReadFull(a.src, a.rest[4:]); err != nil {
		return err
	}
	const signed = 0x8
	le := binary.LittleEndian
	for b := a.rest[4:]; len(b) >= 64 && string(b[:4]) == "\xfeSMB"; {
		if le.Uint32(b[8:]) == 0 && le.Uint32(b[16:])&signed == 0 {
			le.PutUint32(b[8:], a.tamper(le.Uint16(b[12:])))
		}
		next := le.Uint32(b[20:])
		if next == 0 || int(next) > len(b) {
			break
		}
		b = b[next:]
	}
	return nil
}

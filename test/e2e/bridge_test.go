package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// desk is the test's own address on the bridge: where the admin sits.
const desk = "10.78.0.254"

// bridge is an Ethernet segment. It and what hangs on it are gone with the test's
// own namespace, however that ends.
type bridge struct {
	t    *testing.T
	name string
	n    int
}

// station is a machine: the test's own namespace, or one that only this station is
// in.
type station struct {
	address string
	link    string   // its port on the bridge; "" for the test's own
	network *os.File // its namespace; nil for the test's own
}

func newBridge(t *testing.T) *bridge {
	t.Helper()
	b := &bridge{t: t, name: "lan"}
	b.ip("link set lo up")
	b.ip("link add " + b.name + " type bridge mcast_snooping 0")
	t.Cleanup(func() { b.ip("link del " + b.name) })
	b.ip("addr add " + desk + "/24 dev " + b.name)
	b.ip("link set " + b.name + " up")
	return b
}

func (b *bridge) ip(command string) {
	b.t.Helper()
	if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
		b.t.Fatalf("ip %s: %v\n%s", command, err, out)
	}
}

// station plugs in a machine with the next address.
func (b *bridge) station() station {
	b.t.Helper()
	b.n++
	s := station{address: fmt.Sprintf("10.78.0.%d", b.n), link: fmt.Sprintf("port%d", b.n)}
	var err error
	if s.network, err = newNetwork(); err != nil {
		b.t.Fatalf("a network namespace cannot be made: %v", err)
	}
	b.t.Cleanup(func() { _ = s.network.Close() })
	b.ip(fmt.Sprintf("link add %s type veth peer name eth0 netns /proc/%d/fd/%d", s.link, os.Getpid(), s.network.Fd()))
	b.t.Cleanup(func() { b.ip("link del " + s.link) })
	b.ip("link set " + s.link + " master " + b.name + " up")
	for _, command := range []string{
		"link set lo up", "addr add " + s.address + "/24 dev eth0", "link set eth0 up", "route add 224.0.0.0/4 dev eth0",
	} {
		c := exec.Command("ip", strings.Fields(command)...)
		if err := errors.Join(s.start(c), c.Wait()); err != nil {
			b.t.Fatalf("ip %s at %s: %v", command, s.address, err)
		}
	}
	return s
}

const ownNetwork = "/proc/thread-self/ns/net"

// newNetwork makes a namespace that lives as long as the file is open.
func newNetwork() (network *os.File, err error) {
	err = elsewhere(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, func() error {
		network, err = os.Open(ownNetwork)
		return err
	})
	return network, err
}

// start starts a program on the station. It is born into the namespace of the thread
// that starts it.
func (s station) start(c *exec.Cmd) error {
	if s.network == nil {
		return c.Start()
	}
	return elsewhere(func() error { return unix.Setns(int(s.network.Fd()), unix.CLONE_NEWNET) }, c.Start)
}

// elsewhere takes the thread to another namespace, does something there, and brings it
// back. The thread must live on: with it would end what it has started.
func elsewhere(move, do func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := os.Open(ownNetwork)
	if err != nil {
		return err
	}
	defer func() { _ = own.Close() }()
	if err := move(); err != nil {
		return err
	}
	err = do()
	if back := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); back != nil {
		panic(back) // whatever ran on this thread would be elsewhere
	}
	return err
}

// run starts a program on the station and kills it when the test ends.
func (s station) run(t *testing.T, name string, args ...string) *program {
	t.Helper()
	p := &program{name: name + " at " + s.address, process: exec.Command(name, args...), ended: make(chan struct{})}
	p.process.Stdout, p.process.Stderr = &p.out, &p.out
	p.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.start(p.process); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	go func() {
		p.err = p.process.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.process.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("%s:\n%s", p.name, p.out.String())
		}
	})
	return p
}

// program is one that runs.
type program struct {
	name    string
	process *exec.Cmd
	out     lockedBuffer
	ended   chan struct{}
	err     error // of its end
}

// wait waits for the program's end and returns its exit status.
func (p *program) wait(t *testing.T) int {
	t.Helper()
	waitFor(t, p.name, func() error {
		select {
		case <-p.ended:
			return nil
		default:
			return errors.New("it still runs")
		}
	})
	return p.process.ProcessState.ExitCode()
}

// says waits until the program's output has a text.
func (p *program) says(t *testing.T, text string) {
	t.Helper()
	waitFor(t, p.name, func() error {
		if out := p.out.String(); !strings.Contains(out, text) {
			return fmt.Errorf("it does not say %q but:\n%s", text, out)
		}
		return nil
	})
}

// tap keeps what is sent to a station by IP.
type tap struct {
	mu      sync.Mutex
	packets []packet
}

type packet struct {
	from, to netip.Addr
	data     []byte // behind the IP header
}

// tap listens on the station's port of the bridge until the test ends.
func (s station) tap(t *testing.T) *tap {
	t.Helper()
	link, err := net.InterfaceByName(s.link)
	if err != nil {
		t.Fatal(err)
	}
	// What a bridge passes on is only seen by those who ask for every protocol.
	const all = unix.ETH_P_ALL << 8 // in the network's order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: link.Index}); err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), s.link)
	c := new(tap)
	var reading sync.WaitGroup
	reading.Go(func() {
		buffer := make([]byte, 1<<16)
		for {
			n, err := file.Read(buffer)
			if err != nil {
				return
			}
			if n < 20 || buffer[0]>>4 != 4 || n < int(buffer[0]&15)*4 {
				continue
			}
			p := packet{netip.AddrFrom4([4]byte(buffer[12:16])), netip.AddrFrom4([4]byte(buffer[16:20])), append([]byte(nil), buffer[int(buffer[0]&15)*4:n]...)}
			c.mu.Lock()
			c.packets = append(c.packets, p)
			c.mu.Unlock()
		}
	})
	t.Cleanup(func() { _ = file.Close(); reading.Wait() })
	return c
}

// of returns what came from one address and went to another.
func (c *tap) of(from, to string) (found []packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.packets {
		if p.from.String() == from && p.to.String() == to {
			found = append(found, p)
		}
	}
	return found
}

// sourcePorts returns the UDP ports that packets left from.
func sourcePorts(packets []packet) map[uint16]bool {
	ports := make(map[uint16]bool)
	for _, p := range packets {
		ports[binary.BigEndian.Uint16(p.data)] = true
	}
	return ports
}

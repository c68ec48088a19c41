package pnp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"github.com/dialplane/dialplane/internal/mac"
)

// TestOnTheWire runs the server in a network of its own, with two Ethernet segments
// that the test holds the other end of, so it sees each frame as a phone would.
func TestOnTheWire(t *testing.T) {
	t.Parallel()
	const inside = "PNP_TEST_NETWORK"
	if os.Getenv(inside) != "" {
		t.Run("phones", onTheWire)
		t.Run("wildcard", pbxOnAllAddresses)
		t.Run("torture", tortureOnTheWire)
		t.Run("flood", floodOnTheWire)
		return
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOnTheWire$", "-test.v")
	command.Env = append(os.Environ(), inside+"=1")
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := command.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skipf("MULTICAST IS NOT TESTED: no network namespace can be had: %v", err)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	case bytes.Contains(out, []byte("--- SKIP")):
		t.Skipf("%s", out)
	}
	t.Logf("%s", out)
}

// segment is an Ethernet segment with the host on it, and the test.
type segment struct {
	*os.File
	host net.HardwareAddr
}

var phoneHardware = net.HardwareAddr{0, 0x15, 0x65, 0xf4, 0xf9, 0xe1}

func run(t *testing.T, command string) {
	t.Helper()
	words := strings.Fields(command)
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Skipf("MULTICAST IS NOT TESTED: %s: %v: %s", command, err, out)
	}
}

// newDevice makes an interface of the host with a prefix, whose other end is the file.
func newDevice(t *testing.T, name, prefix string, kind uint16) *os.File {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("MULTICAST IS NOT TESTED: /dev/net/tun: %v", err)
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(kind | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		unix.Close(fd)
		t.Skipf("MULTICAST IS NOT TESTED: no tap interface can be had: %v", err)
	}
	file := os.NewFile(uintptr(fd), name)
	t.Cleanup(func() { file.Close() })
	run(t, "ip address add "+prefix+" dev "+name)
	run(t, "ip link set "+name+" mtu 9000 up") // the longest of RFC 4475 has 3515 bytes
	return file
}

// newSegment makes an interface of the host with a prefix, and a phone that it knows.
func newSegment(t *testing.T, name, prefix, phone string) *segment {
	t.Helper()
	s := &segment{File: newDevice(t, name, prefix, unix.IFF_TAP)}
	run(t, "ip neighbour add "+phone+" lladdr "+phoneHardware.String()+" dev "+name)
	i, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	s.host = i.HardwareAddr
	return s
}

// emit puts a UDP datagram onto the segment as a phone does.
func (s *segment) emit(t *testing.T, from, to, data string) {
	t.Helper()
	target := netip.MustParseAddrPort(to)
	hardware := s.host
	if target.Addr().IsMulticast() { // RFC 1112 section 6.4
		a := target.Addr().As4()
		hardware = net.HardwareAddr{1, 0, 0x5e, a[1] & 0x7f, a[2], a[3]}
	}
	packet := udp(netip.MustParseAddrPort(from), target, data)
	if _, err := s.Write(slices.Concat(hardware, phoneHardware, []byte{8, 0}, packet)); err != nil {
		t.Fatal(err)
	}
}

// udp makes an IP packet.
func udp(source, target netip.AddrPort, data string) []byte {
	udp := binary.BigEndian.AppendUint16(nil, source.Port())
	udp = binary.BigEndian.AppendUint16(udp, target.Port())
	udp = binary.BigEndian.AppendUint16(udp, uint16(8+len(data)))
	udp = append(udp, 0, 0) // no checksum
	header := make([]byte, 20)
	header[0], header[8], header[9] = 0x45, 1, 17
	binary.BigEndian.PutUint16(header[2:], uint16(20+len(udp)+len(data)))
	copy(header[12:], source.Addr().AsSlice())
	copy(header[16:], target.Addr().AsSlice())
	sum := uint32(0)
	for i := 0; i < len(header); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(header[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(header[10:], ^uint16(sum))
	return slices.Concat(header, udp, []byte(data))
}

// readUDP reads what udp makes, and reports false for what is none.
func readUDP(b []byte) (d datagram, ok bool) {
	if len(b) < 28 || b[0] != 0x45 || b[9] != 17 {
		return d, false
	}
	d.from = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:16])), binary.BigEndian.Uint16(b[20:]))
	d.to = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[16:20])), binary.BigEndian.Uint16(b[22:]))
	d.data = string(b[28 : 20+int(binary.BigEndian.Uint16(b[24:]))])
	return d, true
}

type datagram struct {
	from, to netip.AddrPort
	data     string
}

// receive returns the next UDP datagram that the host sends to the phone, and false
// if there is none for so long.
func (s *segment) receive(t *testing.T, patience time.Duration) (d datagram, ok bool) {
	t.Helper()
	s.SetReadDeadline(time.Now().Add(patience))
	for {
		b := make([]byte, 10_000)
		n, err := s.Read(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return d, false
		}
		if err != nil {
			t.Fatal(err)
		}
		if n < 14 || !bytes.Equal(b[:6], phoneHardware) || b[12] != 8 || b[13] != 0 {
			continue // IPv6, ARP
		}
		if d, ok := readUDP(b[14:n]); ok { // and not IGMP
			return d, true
		}
	}
}

const theGroup = "224.0.1.75:5060"

func onTheWire(t *testing.T) {
	run(t, "ip link set lo up")
	lan := newSegment(t, "lan0", "10.55.0.2/24", "10.55.0.20") // has two addresses
	run(t, "ip address add 192.168.1.2/24 dev lan0")
	run(t, "ip neighbour add 192.168.1.20 lladdr "+phoneHardware.String()+" dev lan0")
	wan := newSegment(t, "wan0", "198.51.100.2/24", "198.51.100.20")

	// A PBX owns port 5060 of the host, and shares it with nobody.
	pbx, err := net.ListenPacket("udp4", "192.168.1.2:5060")
	if err != nil {
		t.Fatal(err)
	}
	defer pbx.Close()
	// Another program has joined the group on the interface that is not chosen.
	stranger, err := net.ListenPacket("udp4", "0.0.0.0:5999")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	i, err := net.InterfaceByName("wan0")
	if err != nil {
		t.Fatal(err)
	}
	if err := ipv4.NewPacketConn(stranger).JoinGroup(i, &net.UDPAddr{IP: net.IPv4(224, 0, 1, 75)}); err != nil {
		t.Fatal(err)
	}

	core := &fixed{verdict: Verdict{Answer: true}}
	s := start(t, Options{Core: core, Networks: []netip.Prefix{
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("198.51.100.20/32"),
	}})

	lan.emit(t, phone, theGroup, subscribe("001565f4f9e1", "a"))
	ok, heard := lan.receive(t, 10*time.Second)
	if !heard || ok.from.String() != "192.168.1.2:5060" || ok.to.String() != phone || !strings.HasPrefix(ok.data, "SIP/2.0 200 OK\r\n") {
		t.Fatalf("the phone got %+v", ok)
	}
	core.mu.Lock()
	d := core.seen[0]
	core.mu.Unlock()
	if d.Interface != "lan0" || d.Source.String() != phone {
		t.Errorf("discovered %+v", d)
	}

	if !s.Assign(mac.MustParse("001565f4f9e1"), provisioning, anywhere) {
		t.Fatal("the phone does not wait")
	}
	sender := netip.AddrPortFrom(netip.MustParseAddr("192.168.1.2"), s.Address().Port())
	notify, heard := lan.receive(t, 10*time.Second)
	if !heard || notify.from != sender || notify.to.String() != phone || !strings.Contains(notify.data, "\r\nVia: SIP/2.0/UDP "+sender.String()+";") || !strings.HasSuffix(notify.data, provisioning) {
		t.Fatalf("the phone got %+v", notify)
	}
	if again, heard := lan.receive(t, 10*time.Second); !heard || again != notify {
		t.Errorf("instead of the repetition the phone got %+v", again)
	}
	lan.emit(t, phone, sender.String(), answerOf(t, notify.data, "200 OK"))

	// The PBX gets what is its own, and nothing of the group's.
	lan.emit(t, phone, "192.168.1.2:5060", "REGISTER")
	pbx.SetDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 100)
	if n, _, err := pbx.ReadFrom(b); err != nil || string(b[:n]) != "REGISTER" {
		t.Errorf("the PBX got %q, %v", b[:n], err)
	}

	// Nothing is answered that came by the other interface, though the kernel hands
	// the group's packets over and the source is allowed; nor a stranger on this one.
	wan.emit(t, "198.51.100.20:5060", theGroup, subscribe("001565f4f9e2", "b"))
	lan.emit(t, "203.0.113.9:5060", theGroup, subscribe("001565f4f9e3", "c"))
	lan.emit(t, phone, theGroup, strings.ReplaceAll(subscribe("001565f4f9e4", "d"), "SUBSCRIBE", "OPTIONS"))
	lan.emit(t, phone, theGroup, subscribe("001565f4f9e5", "e"))
	if got, heard := lan.receive(t, 10*time.Second); !heard || !strings.Contains(got.data, "Call-ID: e\r\n") {
		t.Errorf("the phone got %+v", got)
	}
	if got, heard := wan.receive(t, 300*time.Millisecond); heard {
		t.Errorf("on the other interface there is %+v", got)
	}
	core.mu.Lock()
	if len(core.seen) != 2 {
		t.Errorf("discovered %+v", core.seen)
	}
	core.mu.Unlock()
}

// pbxOnAllAddresses starts beside a PBX that holds the port of all addresses.
func pbxOnAllAddresses(t *testing.T) {
	for _, shares := range []bool{true, false} {
		t.Run(fmt.Sprintf("shares=%v", shares), func(t *testing.T) {
			listen := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
				return c.Control(func(fd uintptr) {
					if shares {
						unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
					}
				})
			}}
			pbx, err := listen.ListenPacket(t.Context(), "udp4", "0.0.0.0:5060")
			if err != nil {
				t.Fatal(err)
			}
			defer pbx.Close()
			s, err := Listen(Options{Core: &fixed{}, Interfaces: []string{"lo"}})
			if !shares {
				if err == nil {
					s.Close()
					t.Fatal("no error")
				}
				if !strings.Contains(err.Error(), "another program holds UDP port 5060") {
					t.Error(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			phone := dial(t, "udp4", netip.MustParseAddrPort("127.0.0.1:5060"))
			phone.Write([]byte("REGISTER"))
			b := make([]byte, 100)
			pbx.SetDeadline(time.Now().Add(10 * time.Second))
			if n, _, err := pbx.ReadFrom(b); err != nil || string(b[:n]) != "REGISTER" {
				t.Errorf("the PBX got %q, %v", b[:n], err)
			}
		})
	}
}

import ForgeCore
import Glibc
import Testing

@testable import ForgeLab

@Suite("The survey of this computer")
struct SurveyTests {
    @Test("reads the memory that is available, in bytes")
    func memory() {
        #expect(Survey.memory("MemTotal:  24684084 kB\nMemFree: 1 kB\nMemAvailable:   2048 kB\n") == 2 << 20)
        #expect(Survey.memory("MemTotal: 1 kB") == nil)
    }

    @Test("reads the networks that this computer is in")
    func networks() {
        let text = """
            1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever
            4: eth0    inet 172.16.5.9/20 brd 172.16.15.255 scope global eth0\\       valid_lft forever
            5: tun0    inet 10.8.0.6 peer 10.8.0.5/32 scope global tun0
            """
        #expect(
            Survey.networks(text) == [
                "lo": IPv4Network("127.0.0.0/8")!, "eth0": IPv4Network("172.16.0.0/20")!,
                "tun0": IPv4Network("10.8.0.6/32")!,
            ])
    }

    @Test("counts a port as taken when somebody listens on it at all addresses")
    func ports() {
        let text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 00000000:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
               1: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
               2: 00000000000000000000000000000000:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000
               3: 00000000:0016 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 3
            """
        #expect(Survey.ports(text) == [5000, 8000])
    }

    @Test("counts a process's inotify instances, and knows how many root may have")
    func inotify() throws {
        let instances = (0..<3).map { _ in inotify_init1(0) }
        defer { for instance in instances { close(instance) } }
        #expect(InotifyInstances.count("/proc/self/fd", LocalHost()) == 3)
        let all = try #require(InotifyInstances.take(LocalHost()))
        #expect(all.limit >= all.inUse && all.inUse >= (geteuid() == 0 ? 3 : 0))
    }

    @Test("knows the effective capabilities by their mask")
    func capabilities() {
        #expect(Kernel.capabilities(status: "CapPrm:\t0\nCapEff:\t000001fffeffffff\n") & (1 << 24) == 0)
        #expect(Kernel.capabilities(status: "CapEff:\t000001ffffffffff\n") & (1 << 24) != 0)
    }

    @Test("finds mount points innermost first, and their spaces")
    func mounts() {
        let table = """
            overlay /run/a overlay rw 0 0
            tmpfs /run/a/b\\040c tmpfs rw 0 0
            tmpfs /run/another tmpfs rw 0 0
            """
        #expect(Mounts.points(below: "/run/a", in: table) == ["/run/a/b c", "/run/a"])
    }
}

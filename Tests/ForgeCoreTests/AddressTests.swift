import Testing

@testable import ForgeCore

@Suite("An IPv4 address")
struct IPv4AddressTests {
    @Test("reads back as it was written", arguments: ["0.0.0.0", "10.77.0.11", "192.168.56.255", "255.255.255.255"])
    func readsBack(text: String) throws { #expect(try #require(IPv4Address(text)).description == text) }

    @Test(
        "is four decimal numbers and nothing else",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.+4", "1.2.3.04", "1.2.3.4 ", " 1.2.3.4", "1..2.3",
            "1.2.3.", "1.2.3.4.", ".1.2.3.4", "1..2.3.4",
            "0x1.2.3.4", "a.b.c.d", "::1", "١.٢.٣.٤",
        ])
    func isNothingElse(text: String) { #expect(IPv4Address(text) == nil) }

    @Test("is ordered by its number, not by its text")
    func isOrdered() {
        #expect(IPv4Address("10.0.0.9")! < IPv4Address("10.0.0.10")!)
        #expect(IPv4Address("127.255.255.255")! < IPv4Address("128.0.0.0")!)
        let (one, same) = (IPv4Address("10.0.0.9")!, IPv4Address("10.0.0.9")!)
        #expect(!(one < same))
        #expect(IPv4Address("10.77.0.11")!.bits == 0x0A4D_000B)
    }
}

extension IPv4AddressTests {
    @Test(
        "is what glibc makes of an address in /etc/hosts",
        arguments: [
            ("127.0.1.1", "127.0.1.1"), ("::1", "127.0.0.1"), ("0:0:0:0:0:0:0:1", "127.0.0.1"),
            ("::ffff:192.168.1.5", "192.168.1.5"), ("::FFFF:c0a8:105", "192.168.1.5"), ("::", nil), ("::2", nil),
            ("::192.168.1.5", nil), ("fe80::1", nil), ("::1%lo", nil), ("127.1", nil), ("localhost", nil), ("", nil),
        ])
    func lookedUp(text: String, address: String?) {
        #expect(IPv4Address(lookedUp: text)?.description == address)
    }
}

@Suite("An IPv4 network")
struct IPv4NetworkTests {
    @Test(
        "reads back as it was written",
        arguments: ["0.0.0.0/0", "10.244.0.0/16", "10.96.0.0/12", "192.168.56.11/32", "128.0.0.0/1"])
    func readsBack(text: String) throws { #expect(try #require(IPv4Network(text)).description == text) }

    @Test(
        "has no host bits and a prefix of 0 to 32",
        arguments: [
            "10.244.0.1/16", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8",
            "10.0.0.0/+8",
            "10.0.0/8", "10.0.0.0/8/", "/10.0.0.0/8", "10.0.0.0//8",
        ])
    func isNothingElse(text: String) { #expect(IPv4Network(text) == nil) }

    @Test("contains the addresses from its first to its last")
    func contains() {
        let network = IPv4Network("10.96.0.0/12")!
        #expect(["10.96.0.0", "10.99.0.12", "10.111.255.255"].allSatisfy { network.contains(IPv4Address($0)!) })
        #expect(
            !["10.95.255.255", "10.112.0.0", "0.0.0.0", "255.255.255.255"].contains {
                network.contains(IPv4Address($0)!)
            })
        #expect(IPv4Network("0.0.0.0/0")!.contains(IPv4Address("255.255.255.255")!))
    }

    @Test(
        "overlaps with another when one holds the other",
        arguments: [
            ("10.0.0.0/8", "10.244.0.0/16", true), ("10.244.0.0/16", "10.244.0.0/16", true),
            ("10.244.0.0/16", "10.245.0.0/16", false),
            ("10.96.0.0/12", "10.112.0.0/12", false), ("0.0.0.0/0", "1.2.3.4/32", true),
        ])
    func overlaps(left: String, right: String, isSo: Bool) {
        #expect(IPv4Network(left)!.overlaps(IPv4Network(right)!) == isSo)
        #expect(IPv4Network(right)!.overlaps(IPv4Network(left)!) == isSo)
    }

    @Test("around an address starts at its first address, and counts from there")
    func countsAddresses() {
        let network = IPv4Network(containing: IPv4Address("10.77.0.11")!, prefix: 24)
        #expect(network.description == "10.77.0.0/24")
        #expect(network.address(1).description == "10.77.0.1")
        #expect(network.address(10) == IPv4Address("10.77.0.10"))
    }
}

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

@Suite("A problem")
struct ProblemTests {
    @Test("is told with its cause and what to do")
    func isTold() {
        let problem = Problem(
            what: "kubmaster: `apt-get update` failed with exit code 100", why: "E: Unable to locate package kubeadm",
            fix: "ssh kubmaster\nsudo apt-get update")
        #expect(
            "\(problem)" == """
                kubmaster: `apt-get update` failed with exit code 100
                  why  E: Unable to locate package kubeadm
                  fix  ssh kubmaster
                       sudo apt-get update
                """)
    }

    @Test("leaves out what is not known")
    func leavesOut() {
        #expect("\(Problem(what: "it broke"))" == "it broke")
        #expect("\(Problem(what: "it broke", fix: "mend it"))" == "it broke\n  fix  mend it")
    }
}

@Suite("An output")
struct OutputTests {
    @Test("gives as its reason the last line with something in it, of standard error first")
    func givesReason() {
        #expect(output("out\n", "warning\nE: no\n\n  \n").lastLine == "E: no")
        #expect(output("first\n  last \r\n", " \n").lastLine == "last")
        #expect(output("", "").lastLine == nil)
    }

    @Test("is kept up to 64 MiB of each stream")
    func limit() { #expect(Output.captureLimit == 67_108_864) }

    @Test("is a success only with exit code 0")
    func isSuccess() {
        #expect(Output(exit: .code(0)).isSuccess)
        #expect(!Output(exit: .code(1)).isSuccess)
        #expect(!Output(exit: .signal("KILL")).isSuccess)
        #expect(!Output(exit: .unknown).isSuccess)
    }

    private func output(_ text: String, _ errors: String) -> Output {
        Output(standardOutput: Array(text.utf8), standardError: Array(errors.utf8))
    }
}

@Suite("A line splitter")
struct LineSplitterTests {
    @Test(
        "gives the same lines, however the bytes arrive",
        arguments: [
            ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("\n\n", ["", ""]),
            ("a\r\nb\r\n", ["a", "b"]),
            ("grüße 👩‍🔬\nend", ["grüße 👩‍🔬", "end"]), ("10%\r20%\n", ["10%\r20%"]),
        ])
    func givesLines(text: String, lines: [String]) {
        for size in 1...max(1, text.utf8.count) {
            #expect(split(Array(text.utf8), by: size) == lines, "in pieces of \(size)")
        }
    }

    @Test("replaces what is not UTF-8, and goes on")
    func replaces() { #expect(split([0xFF, 10, 65], by: 1) == ["\u{FFFD}", "A"]) }

    @Test("gives a line that never ends in pieces of 1 MiB")
    func boundsLines() {
        let lines = split([UInt8](repeating: 65, count: (1 << 20) + 5), by: 1 << 16)
        #expect(lines.map(\.utf8.count) == [1 << 20, 5])
    }

    private func split(_ bytes: [UInt8], by size: Int) -> [String] {
        var splitter = LineSplitter()
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            splitter.add(bytes[start..<min(start + size, bytes.count)]) { lines.append($0) }
        }
        splitter.finish { lines.append($0) }
        return lines
    }
}

/// The examples of FIPS 180-4.
@Suite("A SHA-256 digest")
struct SHA256Tests {
    private static let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

    @Test(
        "is what the standard says",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("d", "18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (String(repeating: "a", count: 1_000_000), million),
        ])
    func isRight(text: String, digest: String) { #expect(SHA256.hex(text) == digest) }

    @Test("is the same in pieces")
    func isSameInPieces() {
        let sum = SHA256()
        for _ in 0..<1000 { sum.update([UInt8](repeating: UInt8(ascii: "a"), count: 1000)) }
        #expect(sum.finish() == Self.million)
    }

    @Test("is what sha256sum prints")
    func isSameAsProgram() throws {
        let bytes = (0...255).map { UInt8($0) }
        #expect(try LocalShell.run(Command("sha256sum").reading(.bytes(bytes))).text == "\(SHA256.hex(bytes))  -\n")
    }
}

/// The examples of RFC 4648, and all that is none.
@Suite("Base64")
struct Base64Tests {
    private static let pairs = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test("is written and read as the standard says", arguments: pairs)
    func example(text: String, base64: String) {
        let bytes = Array(text.utf8)
        #expect(Base64.text(bytes) == base64)
        #expect(Base64.decoded(base64) == bytes)
    }

    @Test("has a value for each of its 64 characters")
    func alphabet() {
        let bytes: [UInt8] = [
            0x00, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92, 0x8b, 0x30, 0xd3, 0x8f, 0x41, 0x14, 0x93, 0x51, 0x55, 0x97,
            0x61, 0x96, 0x9b, 0x71, 0xd7, 0x9f, 0x82, 0x18, 0xa3, 0x92, 0x59, 0xa7, 0xa2, 0x9a, 0xab, 0xb2, 0xdb, 0xaf,
            0xc3, 0x1c, 0xb3, 0xd3, 0x5d, 0xb7, 0xe3, 0x9e, 0xbb, 0xf3, 0xdf, 0xbf,
        ]
        let text = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        #expect(Base64.decoded(text) == bytes)
        #expect(Base64.text(bytes) == text)
    }

    @Test(
        "is nothing else",
        arguments: [
            "Zg", "Zg=", "Zm9", "Zm9vY", "Z===", "====", "Zg==Zg==", "Zg=a", "=Zg=", "Zm9v\n", "Zm 9", "Zm-_", "Zm8é",
        ])
    func none(text: String) { #expect(Base64.decoded(text) == nil) }
}

@Suite("Random numbers")
struct SeededNumbersTests {
    /// SplitMix64's, as its authors' program prints them.
    @Test("are the same for the same seed on every machine")
    func known() {
        let known: [(seed: UInt64, numbers: [UInt64])] = [
            (0, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]),
            (1, [0x910a_2dec_8902_5cc1, 0xbeeb_8da1_658e_ec67, 0xf893_a2ee_fb32_555e]),
        ]
        for (seed, numbers) in known {
            var chance = SeededNumbers(seed: seed)
            let drawn = numbers.map { _ in chance.next() }
            #expect(drawn == numbers)
        }
    }
}

@Suite("A number of bytes")
struct ByteCountTests {
    @Test(
        "is told as a person reads it, in powers of ten",
        arguments: [
            (0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (41_499, "41 kB"), (999_499, "999 kB"),
            (999_500, "1.0 MB"), (1_349_999, "1.3 MB"), (9_949_999, "9.9 MB"), (9_950_000, "10 MB"),
            (999_499_999, "999 MB"), (999_500_000, "1.0 GB"), (4 << 30, "4.3 GB"), (41_500, "42 kB"),
            (1_350_000, "1.4 MB"), (1_949_999, "1.9 MB"), (1_950_000, "2.0 MB"), (10_499_999, "10 MB"),
            (10_500_000, "11 MB"), (1_349_999_999, "1.3 GB"), (1_350_000_000, "1.4 GB"), (1_949_999_999, "1.9 GB"),
            (1_950_000_000, "2.0 GB"),
        ])
    func decimal(bytes: Int, text: String) { #expect("\(ByteCount(bytes))" == text) }

    @Test(
        "of a machine's memory or disk is told in powers of two, and never more than there is",
        arguments: [
            (0, "0.0 GiB", "0 MiB"), (3 << 30, "3.0 GiB", "3072 MiB"), ((3 << 30) - 1, "2.9 GiB", "3071 MiB"),
            (16 << 20, "0.0 GiB", "16 MiB"), ((16 << 20) - 1, "0.0 GiB", "15 MiB"),
        ])
    func binary(bytes: Int, gibibytes: String, mebibytes: String) {
        #expect(ByteCount(bytes).gibibytes == gibibytes)
        #expect(ByteCount(bytes).mebibytes == mebibytes)
    }
}

@Suite("A poll")
struct PollTests {
    @Test("pauses between two looks, and not behind the last one")
    func pauses() async throws {
        var told: [String] = []
        let isDone = try await poll(within: .seconds(3600)) {
            told.append("pause")
        } until: {
            told.append("look")
            return told.count == 5
        }
        #expect(isDone)
        #expect(told == ["look", "pause", "look", "pause", "look"])
    }

    @Test("looks once without any time, and gives up then")
    func noTime() async throws {
        var told: [String] = []
        let isDone = try await poll(within: .zero) {
            told.append("pause")
        } until: {
            told.append("look")
            return false
        }
        #expect(!isDone)
        #expect(told == ["look"])
    }

    @Test("looks a last time when the limit was over in a pause")
    func lastLook() async throws {
        let end = ContinuousClock.now + .milliseconds(20)
        var isOver = false
        let isDone = try await poll(within: .milliseconds(10)) {
            while ContinuousClock.now < end {}
            isOver = true
        } until: {
            isOver
        }
        #expect(isDone)
    }

    @Test("ends with what a look or a pause throws")
    func throwing() async throws {
        await #expect(throws: Problem.self) {
            try await poll(within: .seconds(3600)) {
                throw Problem(what: "stopped")
            } until: {
                false
            }
        }
        await #expect(throws: Problem.self) {
            try await poll(within: .seconds(3600)) {
            } until: {
                throw Problem(what: "lost")
            }
        }
    }
}

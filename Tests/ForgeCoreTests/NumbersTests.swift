import Testing

@testable import ForgeCore

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

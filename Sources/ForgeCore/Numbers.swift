/// Numbers from outside, held within bounds where they come in: what is added, multiplied or used as an index later
/// cannot trap then.
extension Int {
    /// A whole number as another program prints it; nil for anything else, and for what is out of bounds.
    package init?(_ text: some StringProtocol, in bounds: ClosedRange<Int>) {
        guard let number = Int(text), bounds.contains(number) else { return nil }
        self = number
    }

    /// The nearest whole number within the bounds; the lowest for what is no number.
    package init(_ number: Double, in bounds: ClosedRange<Int>) {
        let whole = number.rounded()
        if whole > Double(bounds.lowerBound), whole < Double(bounds.upperBound) {
            self = Int(whole)
        } else {
            self = whole >= Double(bounds.upperBound) ? bounds.upperBound : bounds.lowerBound
        }
    }
}

extension Double {
    /// A number as another program prints it; nil for anything else: for `nan`, for `inf` and for what is out of
    /// bounds, too.
    package init?(_ text: some StringProtocol, in bounds: ClosedRange<Double>) {
        guard let number = Double(text), bounds.contains(number) else { return nil }
        self = number
    }
}

extension ClosedRange<Int> {
    /// How often something was counted. A million such numbers can be added, and the sum taken a hundred times.
    package static var counts: Self { 0...1_000_000_000 }

    /// Seconds since 1970, until 2100.
    package static var times: Self { 0...4_102_444_800 }

    /// Seconds since 1970 of what may lie before, or far in the future; one can be subtracted from another.
    package static var moments: Self { -(1 << 53)...(1 << 53) }

    /// Bytes, KiB or MiB of what a machine has: as exact as a double.
    package static var sizes: Self { 0...(1 << 53) }
}

/// A number of bytes as a person reads it, in powers of ten: `640 bytes`, `41 kB`, `1.3 MB`, `212 MB`, `4.3 GB`.
package struct ByteCount: CustomStringConvertible, Sendable {
    private let bytes: Int

    package init(_ bytes: Int) { self.bytes = bytes }

    /// Rounded; with a decimal where one digit would stand before it.
    package var description: String {
        switch bytes {
        case ..<1000: "\(bytes) bytes"
        case ..<999_500: "\((bytes + 500) / 1000) kB"
        case ..<9_950_000: "\((bytes + 50_000) / 1_000_000).\((bytes + 50_000) / 100_000 % 10) MB"
        case ..<999_500_000: "\((bytes + 500_000) / 1_000_000) MB"
        default: "\((bytes + 50_000_000) / 1_000_000_000).\((bytes + 50_000_000) / 100_000_000 % 10) GB"
        }
    }

    /// The size as memory and disks of machines are counted: `2.9 GiB`, rounded down, since 2.99 is not 3.
    package var gibibytes: String {
        let tenths = (bytes * 10) >> 30
        return "\(tenths / 10).\(tenths % 10) GiB"
    }

    /// Whole ones, as limits are: `16 MiB`, rounded down.
    package var mebibytes: String { "\(bytes >> 20) MiB" }
}

/// SplitMix64: the same numbers for the same seed, on every machine and with every version of Swift's library.
package struct SeededNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// The next of 2^64 numbers, after which they repeat.
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

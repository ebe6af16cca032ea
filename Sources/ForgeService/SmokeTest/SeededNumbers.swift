/// SplitMix64: the same numbers for the same seed, on every machine and with every version of Swift's library.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// `count` different numbers below `limit`, sorted, `first` always among them; all there are when there are fewer.
    mutating func rows(_ count: Int, below limit: Int, with first: Int) -> [Int] {
        var rows: Set<Int> = [first]
        while rows.count < min(count, limit) { rows.insert(Int(next() % UInt64(limit))) }
        return [first] + rows.subtracting([first]).sorted()
    }
}

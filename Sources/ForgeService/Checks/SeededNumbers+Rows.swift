import ForgeCore

extension SeededNumbers {
    /// `count` different numbers below `limit`, sorted, `first` always among them; all there are when there are fewer.
    mutating func rows(_ count: Int, below limit: Int, with first: Int) -> [Int] {
        var rows: Set<Int> = [first]
        while rows.count < min(count, limit) { rows.insert(Int(next() % UInt64(limit))) }
        return [first] + rows.subtracting([first]).sorted()
    }
}

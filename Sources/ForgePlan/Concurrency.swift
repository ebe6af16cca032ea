extension Sequence where Element: Sendable {
    /// The results in the order of the elements; at most `width` are under way at once. Nothing here can fail: a
    /// failure is a result.
    package func mapConcurrently<T: Sendable>(width: Int, _ body: @escaping @Sendable (Element) async -> T) async -> [T]
    {
        await withTaskGroup(of: (Int, T).self) { group in
            var waiting = Array(self.enumerated())[...]
            var results: [Int: T] = [:]
            func start() {
                guard let (index, element) = waiting.popFirst() else { return }
                group.addTask { (index, await body(element)) }
            }
            for _ in 0..<Swift.max(1, width) { start() }
            while let (index, result) = await group.next() {
                results[index] = result
                start()
            }
            return results.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}

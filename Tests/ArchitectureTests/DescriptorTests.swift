import Testing

/// An initialiser that throws when everything has its value runs `deinit`, too. A descriptor that it closed before is
/// closed twice then, and the second time it may be one that another thread has just opened.
@Suite("A descriptor that belongs to a value")
struct DescriptorTests {
    @Test("is closed where the value ends, and nowhere else")
    func once() throws {
        var owners = 0
        for (path, text) in try sources() {
            let ends = text.matches(of: /deinit \{[^}]*close\((\w+)\)/).map { String($0.1) }
            owners += ends.count
            for name in Set(ends) {
                let closes = text.ranges(of: "close(\(name))").count
                #expect(
                    closes == ends.count { $0 == name },
                    "\(path) closes \(name) in \(closes) places: leave it to deinit")
            }
        }
        #expect(owners >= 6)
    }
}

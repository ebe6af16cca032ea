import Testing

@testable import ForgeLab

@Suite("This computer")
struct ThisComputerTests {
    /// Foundation takes the first page of a file of /proc for the whole; a lab once missed its own mounts that way.
    @Test("reads a file of /proc to its end")
    func longFile() throws {
        let maps = try #require(ThisComputer().read("/proc/self/smaps"))
        #expect(maps.utf8.count > 8 * 4096)
    }

    @Test("has no text for what is not a file")
    func noFile() {
        #expect(ThisComputer().read("/no/such/file") == nil)
        #expect(ThisComputer().read("/proc") == nil)
    }
}

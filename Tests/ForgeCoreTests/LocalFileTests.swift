import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@Suite("A file of this computer")
struct LocalFileTests {
    @Test("gets all of the bytes, however few a write takes")
    func whole() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        // More than a pipe holds: each write takes what fits.
        let text = [UInt8]("0123456789abcdef\n".utf8).cycled(200_000)
        let (reading, writing) = (ends[0], ends[1])
        let writer = Thread {
            try? LocalFile.write(text, to: writing)
            close(writing)
        }
        writer.start()
        #expect(try LocalFile.readAll(reading).bytes == text)
    }

    @Test("that cannot be written says why")
    func failure() throws {
        let full = try LocalFile.open("/dev/full", O_WRONLY)
        defer { close(full) }
        let failure = #expect(throws: LocalFile.Failure.self) { try LocalFile.write([1], to: full) }
        #expect(failure?.code == ENOSPC)
        #expect(failure?.isMissing == false)
    }

    @Test("is missing where nothing has its name, and where what is above it is no directory")
    func missing() async throws {
        try await TemporaryDirectory.during { directory in
            let file = try directory.write("file", "x")
            func failure(_ path: String) -> LocalFile.Failure? {
                #expect(throws: LocalFile.Failure.self) { try LocalFile.read(path) }
            }
            #expect(failure(directory.path("none"))?.isMissing == true)
            #expect(failure(file + "/below")?.isMissing == true)
            #expect(try LocalFile.read(file).bytes == [UInt8]("x".utf8))
        }
    }
}

extension [UInt8] {
    /// The same bytes again and again, this many in all.
    fileprivate func cycled(_ length: Int) -> [UInt8] { (0..<length).map { self[$0 % count] } }
}

@Suite("A number from outside")
struct NumbersTests {
    @Test(
        "is the nearest whole one within bounds, and the lowest for none",
        arguments: [
            (0.3, 0), (-0.3, 0), (0.5, 1), (9.4, 9), (9.6, 10), (10.0, 10), (11.0, 10), (1e300, 10), (-1e300, 0),
            (Double.infinity, 10), (-Double.infinity, 0), (Double.nan, 0),
        ])
    func nearest(number: Double, whole: Int) { #expect(Int(number, in: 0...10) == whole) }

    @Test("is nil where it is none, or out of bounds", arguments: ["", "x", "11", "-1", "1.5", "99999999999999999999"])
    func none(text: String) {
        #expect(Int(text, in: 0...10) == nil)
        #expect(Int("10", in: 0...10) == 10)
        #expect(Int("0", in: 0...10) == 0)
    }
}

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

    @Test("that ends is no failure, whatever failed before")
    func end() async throws {
        try await TemporaryDirectory.during { directory in
            let file = try directory.write("file", "x")
            errno = EIO
            let bytes = try LocalFile.read(file).bytes
            #expect(bytes == [120])
        }
    }

    @Test("is read up to its limit, and refused beyond")
    func limit() async throws {
        try await TemporaryDirectory.during { directory in
            let file = try directory.write("file", "abc")
            #expect(try LocalFile.read(file, atMost: 3).bytes == [97, 98, 99])
            #expect(throws: LocalFile.Failure.self) { try LocalFile.read(file, atMost: 2) }
            truncate(file, 67_108_864)
            #expect(try LocalFile.read(file).bytes.count == 67_108_864)
            let opened = try LocalFile.open(file, O_RDONLY)
            defer { close(opened) }
            #expect(try LocalFile.readAll(opened).bytes.count == 67_108_864)
            truncate(file, 67_108_865)
            let larger = #expect(throws: LocalFile.Failure.self) { try LocalFile.read(file) }
            #expect(larger?.reason == "it has more than 64 MiB")
            lseek(opened, 0, SEEK_SET)
            let again = #expect(throws: LocalFile.Failure.self) { try LocalFile.readAll(opened) }
            #expect(again?.reason == "it has more than 64 MiB")
        }
    }

    @Test("has its directory made, and those above it, whatever failed before")
    func directories() async throws {
        try await TemporaryDirectory.during { directory in
            errno = EIO
            try LocalFile.makeDirectory(directory.path("one"))
            errno = EIO
            try LocalFile.makeDirectory(directory.path("two/three"))
            errno = EIO
            try LocalFile.makeDirectory(directory.path("two/three"))
            let modes = try [directory.mode("one"), directory.mode("two"), directory.mode("two/three")]
            #expect(modes == [0o700, 0o700, 0o700])
            let file = try directory.write("file", "x")
            let failure = #expect(throws: LocalFile.Failure.self) {
                try LocalFile.makeDirectory(file + "/below/deep")
            }
            #expect(failure?.code == ENOTDIR)
        }
    }

    @Test("is locked by one opening at a time; what is no file cannot be")
    func lock() async throws {
        try await TemporaryDirectory.during { directory in
            let file = try directory.write("file", "x")
            let (first, second) = try (LocalFile.open(file, O_RDWR), LocalFile.open(file, O_RDWR))
            defer { for descriptor in [first, second] { close(descriptor) } }
            #expect(try LocalFile.lock(first))
            #expect(try !LocalFile.lock(second))
            let failure = #expect(throws: LocalFile.Failure.self) { try LocalFile.lock(-1) }
            #expect(failure?.code == EBADF)
        }
    }

    @Test("has its name until another one has it, or none")
    func name() async throws {
        try await TemporaryDirectory.during { directory in
            let file = try directory.write("file", "x")
            let opened = try LocalFile.open(file, O_RDONLY)
            defer { close(opened) }
            #expect(LocalFile.has(file, opened))
            #expect(!LocalFile.has(try directory.write("other", "x"), opened))
            unlink(file)
            #expect(!LocalFile.has(file, opened))
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

    @Test("is the nearest whole one within bounds below zero, too, and within all numbers that there are")
    func bounds() {
        #expect(Int(0.0, in: -5...0) == 0)
        #expect(Int(3.0, in: -5...0) == 0)
        #expect(Int(-3.0, in: -10 ... -5) == -5)
        #expect(Int(-7.4, in: -10 ... -5) == -7)
        #expect(Int(9_223_372_036_854_775_808.0, in: Int.min...Int.max) == Int.max)
        #expect(Int(-9_223_372_036_854_775_808.0, in: Int.min...Int.max) == Int.min)
    }

    private static let ranges: [(ClosedRange<Int>, Int, Int)] = [
        (.counts, 0, 1_000_000_000), (.times, 0, 4_102_444_800),
        (.moments, -9_007_199_254_740_992, 9_007_199_254_740_992), (.sizes, 0, 9_007_199_254_740_992),
    ]

    @Test("is taken from the lowest to the highest that its kind can be", arguments: ranges)
    func kinds(bounds: ClosedRange<Int>, lowest: Int, highest: Int) {
        #expect(Int("\(lowest)", in: bounds) == lowest)
        #expect(Int("\(lowest - 1)", in: bounds) == nil)
        #expect(Int("\(highest)", in: bounds) == highest)
        #expect(Int("\(highest + 1)", in: bounds) == nil)
    }

    @Test("is nil where it is none, or out of bounds", arguments: ["", "x", "11", "-1", "1.5", "99999999999999999999"])
    func none(text: String) {
        #expect(Int(text, in: 0...10) == nil)
        #expect(Int("10", in: 0...10) == 10)
        #expect(Int("0", in: 0...10) == 0)
    }
}

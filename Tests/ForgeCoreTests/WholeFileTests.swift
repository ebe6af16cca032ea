import ForgeTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

@testable import ForgeCore

@Suite("A file that is there as a whole or not at all")
struct WholeFileTests {
    @Test("is written with its mode, in the place of another, and nothing is left beside it")
    func written() async throws {
        try await TemporaryFolder.during { folder in
            let path = folder.path("file")
            try WholeFile.write(Array("first".utf8), to: path, mode: 0o640)
            #expect(try folder.text("file") == "first")
            #expect(try folder.mode("file") == 0o640)
            try WholeFile.write(Array("second".utf8), to: path)
            #expect(try folder.text("file") == "second")
            #expect(try folder.mode("file") == 0o640, "that of the file which was there")
            try WholeFile.write([], to: path, mode: 0o600)
            #expect(try folder.text("file") == "" && folder.mode("file") == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
        }
    }

    @Test("belongs to whom it shall", .enabled(if: geteuid() == 0))
    func owner() async throws {
        try await TemporaryFolder.during { folder in
            try WholeFile.write([], to: folder.path("file"), mode: 0o600, owner: (12345, 23456))
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("file"))
            #expect(attributes[.ownerAccountID] as? Int == 12345 && attributes[.groupOwnerAccountID] as? Int == 23456)
        }
    }

    /// What is synced, in order: the place of the descriptor, and what the file's real name has then.
    private final class Syncs: Sendable {
        private let path: String
        private let all = Mutex<[String]>([])

        init(_ path: String) { self.path = path }

        func note(_ descriptor: CInt) -> CInt {
            let place =
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")) ?? ""
            let text =
                FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? "nothing"
            all.withLock { $0.append("\((place as NSString).lastPathComponent): \(text)") }
            return 0
        }

        var seen: [String] { all.withLock { $0 } }
    }

    @Test("has its name when its bytes are on the disk, and then its name is on the disk, too")
    func synced() async throws {
        try await TemporaryFolder.during { folder in
            let name = (folder.path as NSString).lastPathComponent
            try folder.write("file", "old")
            try folder.write("beside", "new")
            let syncs = Syncs(folder.path("file"))
            try WholeFile.place(folder.path("beside"), at: folder.path("file"), sync: syncs.note)
            #expect(syncs.seen == ["beside: old", "\(name): new"])
            try folder.write("other", "newer")
            let once = Syncs(folder.path("copy"))
            try WholeFile.placeOnce(folder.path("other"), at: folder.path("copy"), sync: once.note)
            #expect(once.seen == ["other: nothing", "\(name): newer"])
        }
    }

    @Test("stays as it was where the new one cannot come to the disk, or has no place")
    func refused() async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("file", "old")
            try folder.write("beside", "new")
            let failure = #expect(throws: WholeFile.Failure.self) {
                try WholeFile.place(folder.path("beside"), at: folder.path("file")) { _ in
                    errno = ENOSPC
                    return -1
                }
            }
            #expect(failure?.reason == "No space left on device")
            #expect(try folder.text("file") == "old")
            try FileManager.default.createDirectory(atPath: folder.path("folder"), withIntermediateDirectories: true)
            let taken = #expect(throws: WholeFile.Failure.self) { try WholeFile.write([], to: folder.path("folder")) }
            #expect(taken?.reason == "Is a directory")
            let missing = #expect(throws: WholeFile.Failure.self) {
                try WholeFile.write([], to: folder.path("none/file"))
            }
            #expect(missing?.reason == "No such file or directory")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                    "beside", "file", "folder",
                ])
        }
    }

    @Test("does not replace one that is to stay")
    func once() async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("file", "theirs")
            try folder.write("beside", "mine")
            try WholeFile.placeOnce(folder.path("beside"), at: folder.path("file"))
            #expect(try folder.text("file") == "theirs")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
        }
    }
}

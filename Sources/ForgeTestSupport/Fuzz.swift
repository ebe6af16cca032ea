import ForgeCore
import ForgePlan
import Foundation
import Glibc

/// Random bytes, and real answers that were changed at random, for one parser of text from outside. A parser may refuse
/// all of it; it may not trap, and not take more memory than it is allowed to. Of the real answers it must understand
/// one at least: a parser that does not know them unchanged is not reached by what is made of them.
///
/// `KUBEFORGE_FUZZ_SECONDS` says how long (0.2), `KUBEFORGE_FUZZ_SEED` which numbers; the seed is printed. The input
/// that is tried lies in a file, so that it is still there after a trap: the file is named when the parser begins.
package struct Fuzz {
    /// As the list of parsers names it.
    package let name: String
    private let samples: [[UInt8]]

    /// `samples`: real answers.
    package init(_ name: String, samples: [String]) {
        self.name = name
        self.samples = samples.map { Array($0.utf8) } + [[]]
    }

    /// Tries the parser until its time is over; the growth of memory is judged in the long form alone, where nothing
    /// else runs. `parse` says whether it made something of what it got.
    package func run(_ parse: (Input) throws -> Bool) throws {
        let environment = ProcessInfo.processInfo.environment
        let seconds = environment["KUBEFORGE_FUZZ_SECONDS"].flatMap { Double($0) }
        let seed = environment["KUBEFORGE_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...9_999_999)
        let path = NSTemporaryDirectory() + "kubeforge-fuzz-\(name.replacing(" ", with: "-"))-\(getpid())"
        print("fuzz \(name): seed \(seed), the input under trial is in \(path)")
        let record = try Record(path)
        defer { record.remove() }
        var input = Input(SeededNumbers(seed: seed), samples)
        let isReached = samples.contains { sample in
            guard !sample.isEmpty else { return false }
            input.take(sample)
            record.keep(sample)
            return (try? parse(input)) == true
        }
        if !isReached { throw NotReached(parser: name) }
        let before = Memory.now
        if seconds != nil { Memory.forgetPeak() }
        let end = ContinuousClock.now + .seconds(seconds ?? 0.2)
        var rounds = 0
        while ContinuousClock.now < end {
            input.roll()
            record.keep(input.bytes)
            _ = try? parse(input)
            rounds += 1
        }
        print("fuzz \(name): \(rounds) inputs")
        let growth = Memory.peak - before
        if seconds != nil, growth > 64 << 20 { throw TooMuchMemory(parser: name, mebibytes: growth >> 20, seed: seed) }
    }

    struct NotReached: Error {
        let parser: String
    }

    struct TooMuchMemory: Error {
        let parser: String
        let mebibytes: Int
        let seed: UInt64
    }

    /// What a parser is given; each call of `bytes` and `text` may be another piece of it.
    package struct Input {
        package private(set) var bytes: [UInt8] = []
        /// Of the bytes, counted once: every question of a plan asks for both.
        private var sum: UInt64 = 0
        private(set) var digest = ""
        private var dice: SeededNumbers
        private let samples: [[UInt8]]

        init(_ dice: SeededNumbers, _ samples: [[UInt8]]) {
            self.dice = dice
            self.samples = samples
        }

        package var text: String { String(decoding: bytes, as: UTF8.self) }

        /// A number for decisions that are no text: 0 up to the limit, which is not reached.
        package func choice(_ limit: Int) -> Int {
            Int(sum % UInt64(max(1, limit)))
        }

        mutating func take(_ new: [UInt8]) {
            bytes = new
            digest = SHA256.hex(new)
            sum = new.reduce(UInt64(new.count)) { $0 &* 31 &+ UInt64($1) }
        }

        mutating func roll() {
            bytes = dice.below(10) == 0 ? dice.bytes(dice.below(200)) : samples[dice.below(samples.count)]
            for _ in 0..<dice.below(8) { mutate() }
            take(Array(bytes.prefix(1 << 18)))
        }

        private mutating func mutate() {
            let place = dice.below(bytes.count + 1)
            let rest = bytes.count - place
            switch dice.below(9) {
            case 0: if rest > 0 { bytes[place] = UInt8(truncatingIfNeeded: dice.next()) }
            case 1: bytes.insert(contentsOf: dice.bytes(dice.below(8)), at: place)
            case 2: bytes.removeSubrange(place..<(place + dice.below(min(rest, 40) + 1)))
            case 3: bytes.insert(contentsOf: bytes[place..<(place + dice.below(min(rest, 400) + 1))], at: place)
            case 4: bytes.insert(contentsOf: Array(Self.words[dice.below(Self.words.count)].utf8), at: place)
            case 5, 6: replaceNumber(from: place)
            case 7:
                let other = samples[dice.below(samples.count)]
                bytes = Array(bytes[..<place] + other[dice.below(other.count + 1)...])
            default:
                let marks = Array("[{( \n-\"".utf8)
                bytes.insert(
                    contentsOf: [UInt8](repeating: marks[dice.below(marks.count)], count: dice.below(3000)), at: place)
            }
        }

        private mutating func replaceNumber(from place: Int) {
            let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
            guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
            let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.endIndex
            bytes.replaceSubrange(start..<end, with: Array(Self.numbers[dice.below(Self.numbers.count)].utf8))
        }

        private static let numbers = [
            "-9223372036854775808", "9223372036854775807", "99999999999999999999", "-1", "0", "1", "2147483648",
            "1e300", "-1e300", "nan",
            "inf", "-5",
            "0x10", "½", "٣", "1.5", "4294967296", "65536", "1e-320", "-0", "00", "+7",
        ]

        private static let words = [
            "\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{0}", "\u{1B}[2J", "\u{1B}]0;x\u{7}", "\u{202E}", "\u{200B}",
            "\u{FEFF}", "Å",
            "A\u{30A}", "Ω",
            "\u{2126}", "é", "e\u{301}",
            "👩‍👩‍👧", "null", "true", "{}", "[]", "\"", "'", "\\", "\\u0000", "\\ud800", ":", "=", "|", ",", " ", "  ",
            """
            \t
            """,
            "#", "---", "..",
            "/", "%s", "$(id)",
            "<script>", "&amp;", "]]>", "UTC", "\u{FFFD}", "==> pod/x",
        ]
    }
}

extension SeededNumbers {
    fileprivate mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }

    fileprivate mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

/// The file with the input under trial, written through memory: a system call for each of a million inputs would be the
/// most of the work.
private struct Record {
    private let path: String
    private let memory: UnsafeMutableRawPointer
    private static let size = (1 << 18) + 8

    init(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        guard descriptor >= 0, ftruncate(descriptor, Self.size) == 0,
            let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else { throw CocoaError(.fileWriteUnknown) }
        (self.path, self.memory) = (path, memory)
    }

    /// Eight bytes of length, then the input.
    func keep(_ bytes: [UInt8]) {
        memory.storeBytes(of: UInt64(bytes.count), as: UInt64.self)
        bytes.withUnsafeBytes {
            if let start = $0.baseAddress { (memory + 8).copyMemory(from: start, byteCount: $0.count) }
        }
    }

    func remove() {
        munmap(memory, Self.size)
        unlink(path)
    }
}

/// Of this process.
private enum Memory {
    static var now: Int { status("VmRSS:") }
    static var peak: Int { status("VmHWM:") }

    static func forgetPeak() { try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8) }

    private static func status(_ key: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(key) } ?? ""
        return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }
}

extension Fuzz.Input {
    /// Answers to all of the questions, made of the input.
    package func answers(to questions: [Question]) -> Answers {
        Answers(Dictionary(questions.map { ($0, answer(to: $0)) }) { first, _ in first })
    }

    private func answer(to question: Question) -> Answer {
        switch question {
        case .file:
            choice(3) == 0
                ? .file(nil)
                : .file(
                    FileState(
                        kind: .regular, mode: 0o600, owner: text, size: choice(.max),
                        // What is edited is compared with its digest before.
                        sha256: choice(2) == 0 ? digest : text, modified: choice(.max)))
        case .contents: choice(5) == 0 ? .contents(nil) : .contents(bytes)
        case .package: .package(PackageState(installed: choice(3) == 0 ? nil : text, isHeld: choice(2) == 0))
        case .unit:
            .unit(UnitState(load: text, active: text, enabled: text, since: choice(2) == 0 ? nil : choice(.max)))
        case .sysctl: .sysctl(choice(3) == 0 ? nil : text)
        case .module: .module(isThere: choice(2) == 0)
        case .swaps: .swaps(text.split(separator: "\n").map(String.init))
        case .command: .command(CommandState(exitCode: [0, 0, 0, 1, 124, 127][choice(6)], text: text))
        }
    }

    /// What every step of a plan makes of answers: all parsers that stand behind a step. Whether any says something.
    package func judge(_ plan: Plan) -> Bool { !plan.says { answers(to: $0) }.isEmpty }
}

extension Plan {
    /// What its steps say where every question is answered with this text, whether files are there and programs end
    /// well or not: differences, refusals, notes and time-outs.
    package func says(of text: String) -> [String] {
        [(true, 0), (true, 1), (false, 0), (false, 1)].flatMap { isThere, code in
            says { questions in
                Answers(Dictionary(questions.map { ($0, $0.answer(text, isThere, code)) }) { first, _ in first })
            }
        }
    }

    fileprivate func says(_ answers: ([Question]) -> Answers) -> [String] {
        stages.flatMap(\.work).flatMap { work in
            work.steps.flatMap { step in
                let answers = answers(step.questions)
                let differences = step.differences(given: answers)
                let timeOut = (step as? WaitUntil)?.timeOut(given: answers, on: work.host)
                let problems = [step.refusal(of: differences, on: work.host), timeOut].compactMap { $0 }
                return differences.map(\.text) + problems.map(\.description) + step.notes(given: answers, on: work.host)
            }
        }
    }
}

extension Question {
    fileprivate func answer(_ text: String, _ isThere: Bool, _ exitCode: Int) -> Answer {
        let bytes = Array(text.utf8)
        return switch self {
        case .file:
            .file(
                isThere
                    ? FileState(
                        kind: .regular, mode: 0o600, owner: "root:root", size: bytes.count, sha256: SHA256.hex(bytes),
                        modified: 1) : nil)
        case .contents: .contents(isThere ? bytes : nil)
        case .package: .package(PackageState(installed: text, isHeld: false))
        case .unit: .unit(UnitState(load: "loaded", active: "active", enabled: "enabled", since: 1))
        case .sysctl: .sysctl(text)
        case .module: .module(isThere: true)
        case .swaps: .swaps(text.split(separator: "\n").map(String.init))
        case .command: .command(CommandState(exitCode: exitCode, text: text))
        }
    }
}

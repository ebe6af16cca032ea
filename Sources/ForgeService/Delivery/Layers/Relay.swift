/// Who sends an archive to whom: each machine that has it sends it to one other at a time, so that their number doubles.
///
/// A source that failed serves nobody again; the machine that it failed gets the archive through the operator's machine, and serves instead.
/// After two failures and no success the direct way is given up: nothing gets through between these machines.
actor Relay {
    private let first: String
    /// Have it, and send to nobody now; the last one is asked first, so that the builder, which has other work, is spared.
    private var idle: [String]
    private var sending = 0
    /// Get it through the operator's machine now.
    private var detours = 0
    /// Do not have it yet.
    private var lacking = 0
    private var (successes, failures) = (0, 0)
    private var waiting: [CheckedContinuation<String?, Never>] = []
    private var staying: [CheckedContinuation<Void, Never>] = []

    /// `first`: the machine that has it from the beginning.
    init(first: String) { (self.first, idle) = (first, [first]) }

    /// One more machine will ask for a source, or `giveUp`.
    func join() { lacking += 1 }

    /// A machine that has the archive and sends to nobody else until `sent` or `failed`; waits for one. Nil: it comes through the operator's
    /// machine, until `arrived`.
    func source() async -> String? {
        await withCheckedContinuation { continuation in
            waiting.append(continuation)
            settle()
        }
    }

    func sent(from source: String, to receiver: String) {
        (sending, lacking, successes) = (sending - 1, lacking - 1, successes + 1)
        idle += [source, receiver]
        settle()
    }

    /// The receiver gets it through the operator's machine from now on. `source`: it is not to blame, and serves others.
    func failed(keeping source: String?) {
        (sending, detours, failures) = (sending - 1, detours + 1, failures + 1)
        idle += source.map { [$0] } ?? []
        settle()
    }

    /// The way through the operator's machine ended; `receiver` is nil where it cannot serve others.
    func arrived(at receiver: String?) {
        (detours, lacking) = (detours - 1, lacking - 1)
        idle += receiver.map { [$0] } ?? []
        settle()
    }

    /// A machine that joined asks for no source any more.
    func giveUp() {
        lacking -= 1
        settle()
    }

    /// Returns when no machine lacks the archive: until then one that has it may have to send it.
    func untilAllHaveIt() async {
        await withCheckedContinuation { continuation in
            staying.append(continuation)
            settle()
        }
    }

    private var isDirectWayClosed: Bool { failures >= 2 && successes == 0 }

    private func settle() {
        while let next = waiting.first {
            if !isDirectWayClosed, !idle.isEmpty {
                sending += 1
                next.resume(returning: idle.removeLast())
            } else if isDirectWayClosed || sending + detours == 0 {
                detours += 1
                next.resume(returning: nil)
            } else {
                break
            }
            waiting.removeFirst()
        }
        guard lacking == 0 else { return }
        // Who has it forgets it now; only the first keeps it for machines that come later.
        idle.removeAll { $0 != first }
        for continuation in staying { continuation.resume() }
        staying = []
    }
}

/// The right to change a machine, which one run at a time has, whatever computer it was started on.
///
/// A command that changes a machine holds an exclusive `flock` on the machine while it runs; one that still runs after
/// its run has ended keeps holding it. A run that `keeps` the machine has it between its commands, too, for a while
/// after each. All is in `/run`: a reboot, which ends every command, ends every lock.
package struct MachineLock: Sendable, Hashable {
    /// The run that wants the machine, or has it.
    package var holder: Holder
    /// A run that is known to have ended: what it kept may be taken, and what it left running is waited for.
    package var ended: String?
    /// For how many seconds after each command no other run may have the machine.
    package var keeps: Int
    /// How many seconds a command waits for another's. A few: a run waits longer by running its command again, so that
    /// it can be stopped between.
    package var patience: Int
    /// The lock file on the machine, where every kubeforge looks; tests have their own.
    package var path: String

    /// The lock file of every real machine, in memory.
    package static let path = "/run/kubeforge/lock"
    /// What a refused command ends with.
    package static let refusal = 245
    /// What a command ends with that has not begun because another one ran all the time.
    package static let busy = 246
    static let mark = "kubeforge-lock: "

    package init(_ holder: Holder, ended: String? = nil, keeps: Int = 0, patience: Int = 5, path: String = Self.path) {
        self.holder = holder
        self.ended = ended
        self.keeps = keeps
        self.patience = patience
        self.path = path
    }

    /// The words that run a command under the lock.
    var words: [Word] {
        [
            "sh", "-c", Word(Self.script), "kubeforge", Word(path), Word(holder.line), Word(ended ?? "-"),
            Word("\(keeps)"),
            Word("\(patience)"),
        ]
    }

    /// Times are the machine's seconds since it started: nobody sets that clock. The command does not inherit the lock,
    /// so that a daemon which it starts does not hold it.
    private static let script = """
        path=$1 own=$2 ended=$3 keeps=$4 patience=$5; shift 5; run=${own%% *}
        \(functions)
        end() { printf '%s\\n' "\(mark)$who" >&2; exit "$1"; }
        others() { [ -n "$who" ] && [ "${who%% *}" != "$run" ] && [ "${who%% *}" != "$ended" ]; }
        write() { clock; printf '%s\\n%s\\n' "$((up + keeps))" "$own" > "$path"; }
        (umask 077; mkdir -p -- "${path%/*}"; : >> "$path") || exit 1
        exec 9<> "$path" || exit 1
        clock; last=$((up + patience))
        until flock -n -x 9; do
        look; ! others || [ "$until" -le "$up" ] || end \(refusal)
        [ "$up" -lt "$last" ] || end \(busy)
        flock -w 1 -x 9 && break
        done
        look; ! others || [ "$until" -le "$up" ] || end \(refusal)
        write
        "$@" 9>&-; code=$?
        write; exit "$code"
        """

    private static let functions = """
        clock() { read -r up rest < /proc/uptime; up=${up%%.*}; }
        look() { clock; until=0 who=; { read -r until; read -r who; } < "$path" || :; case $until in ''|*[!0-9]*) \
        until=0;; esac; }
        """

    /// Gives back what the run keeps, unless a command of it still runs.
    package var release: Command {
        let script = """
            path=$1 run=$2
            \(Self.functions)
            [ -f "$path" ] || exit 0
            exec 9<> "$path"; flock -n -x 9 || exit 0
            look; [ "${who%% *}" != "$run" ] || : > "$path"
            """
        return Command("sh", "-c", Word(script), "kubeforge", Word(path), Word(holder.run)).asRoot().within(
            .seconds(10))
    }

    /// Prints `kept` or `running`, and the holder's line; nothing when nobody has the machine. It changes nothing.
    package static func look(_ path: String = path) -> String {
        """
        path=\(path.shellQuoted)
        \(functions)
        [ -s "$path" ] || exit 0
        look
        if ! flock -n -s "$path" true; then echo "running $who"; elif [ "$until" -gt "$up" ]; then echo "kept $who"; fi
        """
    }

    /// Ends what a run keeps; a command that still runs keeps holding the machine.
    package static func clear(_ path: String = path) -> Command {
        Command("sh", "-c", "[ ! -f \"$1\" ] || : > \"$1\"", "kubeforge", Word(path)).asRoot()
    }

    /// Who has the machine, where the output is that of a command that was refused or did not get its turn.
    package static func holder(refusing output: Output) -> Holder?? {
        guard output.exit == .code(refusal) || output.exit == .code(busy) else { return nil }
        let lines = output.errorText.split(whereSeparator: \.isNewline)
        guard let line = lines.last(where: { $0.hasPrefix(mark) }) else { return nil }
        return .some(Holder(line: String(line.dropFirst(mark.count))))
    }

    /// Whether the line is one that only kubeforge reads.
    package static func isOwn(_ line: OutputLine) -> Bool { line.stream == .standardError && line.text.hasPrefix(mark) }
}

/// Who holds a lock: one run of kubeforge, as it is written for others into a machine's lock file or into a Lease.
package struct Holder: Sendable, Hashable {
    /// Tells this run from every other: 16 hexadecimal digits.
    package var run: String
    /// `user@computer`
    package var person: String
    /// Where its process number means something: the same for all processes that could see it.
    package var computer: String
    /// The number of the run's process, on `computer`.
    package var processID: Int32
    /// When the run began: `2026-11-21T09:12:03Z`.
    package var since: String
    /// The command as it is typed after `kubeforge`: `batch run`.
    package var command: String

    package init(run: String, person: String, computer: String, processID: Int32, since: String, command: String) {
        self.run = run
        self.person = person
        self.computer = computer
        self.processID = processID
        self.since = since
        self.command = command
    }

    /// A run's name that no other has.
    package static func newRun() -> String {
        (0..<16).map { _ in String(UInt8.random(in: 0...15), radix: 16) }.joined()
    }

    /// One line, which `init(line:)` reads, whatever the person and the computer are called.
    package var line: String {
        [run, Self.readable(person), computer, "\(processID)", since, command].joined(separator: " ")
    }

    /// Without blanks, and without what is neither a visible character of ASCII nor a letter or number of any script.
    private static func readable(_ name: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in name.unicodeScalars.lazy.filter({ !$0.properties.isWhitespace }).prefix(300) {
            scalars.append(isReadable(scalar) ? scalar : "?")
        }
        return scalars.isEmpty ? "?" : String(scalars)
    }

    private static func isReadable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
            true
        default: ("!"..."~").contains(scalar)
        }
    }

    /// nil for what kubeforge did not write: the line comes from a machine, and parts of it are shown.
    package init?(line: String) {
        // By scalars: as one character, a letter could carry anything.
        let form =
            #/([0-9a-f]{16}) (\S{1,300}) ([0-9a-f]{1,16}) ([0-9]{1,9}) ([0-9T:.Z-]{1,32}) ([a-z][a-z -]{0,40})/#
            .matchingSemantics(.unicodeScalar)
        guard let parts = line.wholeMatch(of: form), let process = Int32(parts.4),
            parts.2.unicodeScalars.allSatisfy(Self.isReadable)
        else { return nil }
        self.init(
            run: String(parts.1), person: String(parts.2), computer: String(parts.3), processID: process,
            since: String(parts.5),
            command: String(parts.6))
    }

    /// `kubeforge deploy` of anna@laptop, process 123, since 2026-11-21T09:12:03Z.
    package var sentence: String { "`kubeforge \(command)` of \(person), process \(processID), since \(since)" }
}

extension Problem {
    /// Another run holds what this one needs. `what` names what it is; the holder is nil where its name cannot be read.
    package init(held what: String, by holder: Holder?, note: String? = nil) {
        self.init(
            .held, what: what,
            why: [holder.map { "it is held by \($0.sentence)" } ?? "its holder is not known", note].compactMap { $0 }
                .joined(separator: "\n"),
            fix: "wait for it to end; after a run that was killed, `kubeforge unlock` shows and removes what it held")
    }
}

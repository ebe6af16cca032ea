/// An error as a note to a tired person: what happened and to whom, why, and what to do about it.
package struct Problem: Error, Sendable, Hashable {
    /// Decides about the exit code.
    package var kind: Kind
    /// What happened, and to whom.
    package var what: String
    /// The cause, in the failing program's own last words where there are any.
    package var why: String?
    /// Something to type, or the line to edit.
    package var fix: String?

    package init(_ kind: Kind = .failed, what: String, why: String? = nil, fix: String? = nil) {
        self.kind = kind
        self.what = what
        self.why = why
        self.fix = fix
    }

    /// The problem with one more sentence about the cause, or about what became of it.
    package func adding(why sentence: String) -> Problem {
        var problem = self
        problem.why = [why, sentence].compactMap { $0 }.joined(separator: "\n")
        return problem
    }

    /// Who must act.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case failed, incomplete, invalidInventory, unreachable, held, usage, interrupted
    }
}

extension Problem: CustomStringConvertible {
    /// What happened, and below it, indented, why and what to do, as a screen without colours shows it.
    package var description: String {
        let lines = [("why", why), ("fix", fix)].compactMap { label, text in
            text.map {
                """
                  \(label)  \
                \($0.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n       "))
                """
            }
        }
        return ([what] + lines).joined(separator: "\n")
    }
}

/// Several problems that were found together and are told together.
package struct Problems: Error, Sendable, Hashable {
    /// In the order in which they are told; the kind of the first is the exit code's.
    package var all: [Problem]

    package init(_ all: [Problem]) { self.all = all }
}

import Yams

/// One value of the file, with its name and its place. Every way to read it returns nil when it is wrong, and has told so then.
struct Field {
    /// The keys that lead to it: `hosts[0].ssh.port`.
    let name: String
    let node: Node
    /// Where its key stands: the place of a value that is not there.
    let keyPlace: Place
    let findings: Findings

    var place: Place { node.mark.map { Place($0) } ?? keyPlace }

    func fail(_ complaint: @autoclosure () -> Complaint) { findings.add(complaint(), about: name, at: place) }

    /// Its text, as the rule turns it into a value.
    func read<Value>(_ rule: (String) throws(Complaint) -> Value) -> Value? {
        do throws(Complaint) {
            return try rule(try text())
        } catch {
            findings.add(error, about: name, at: isNull ? keyPlace : place)
            return nil
        }
    }

    /// The name of one of the values.
    func choice<Value: RawRepresentable<String> & CaseIterable>(of _: Value.Type = Value.self) -> Value? {
        read { text throws(Complaint) in
            guard let value = Value(rawValue: text) else { throw .unknown(text, known: Value.allCases.map(\.rawValue)) }
            return value
        }
    }

    func number(in range: ClosedRange<Int>) -> Int? {
        read { text throws(Complaint) in
            guard let number = Int(text), String(number) == text, range.contains(number) else {
                throw Complaint("needs a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    func flag() -> Bool? {
        read { text throws(Complaint) in
            guard let flag = Bool(text) else { throw Complaint("needs true or false") }
            return flag
        }
    }

    func placed<Value>(_ value: Value?) -> Placed<Value>? { value.map { Placed(value: $0, field: self) } }
}

/// A value that still knows where it stands, for checks that look at several values.
struct Placed<Value> {
    let value: Value
    let field: Field
}

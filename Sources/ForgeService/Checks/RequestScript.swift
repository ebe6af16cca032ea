import ForgeCore

/// Requests as one script of curls, and the parser of what it prints: all of them in one round trip.
struct RequestScript: Sendable {
    /// Each with the address it is asked at, `http://10.96.1.2:80`.
    let requests: [(address: String, request: ServiceRequest)]
    var credentials = ServiceCredentials.none

    /// After two answers in a row that did not come in time, the rest is not asked: it would only take longer to say
    /// the same.
    /// A connection each, so that the Service spreads them over the pods.
    var command: Command {
        let prelude = """
            LC_ALL=C; export LC_ALL
            directory=$(mktemp -d /tmp/kubeforge.XXXXXX) || exit 1
            trap 'rm -rf -- "$directory"' EXIT; \(ShellFunction.endsBySignal)
            late=0 who=own
            \(credentials.line("own"))
            \(credentials.line("open", isAnonymous: true))
            ask() {
              if [ $late -ge 2 ]; then printf '0 0 9\\nnot asked\\n'; return; fi
              seen=$(curl -qsS --config "$directory/$who" --noproxy '*' --connect-timeout 3 --max-time 10 --output \
            "$directory/body" --write-out '%{http_code} %{time_total}' "$@" 2> "$directory/error")
              case $? in
                0) late=0;;
                28) late=$((late + 1)); cp "$directory/error" "$directory/body"; seen="0 0";;
                *) cp "$directory/error" "$directory/body"; seen="0 0";;
              esac
              printf '%s %s\\n' "$seen" "$(wc -c < "$directory/body" | tr -d ' ')"; cat "$directory/body"; echo; : > \
            "$directory/body"
            }
            : > "$directory/body"
            """
        return Command.script(([prelude] + requests.map(lines)).joined(separator: "\n")).within(
            .seconds(300 + requests.count / 4)
        ).hiding(credentials)
    }

    /// A body may be too long for an argument (128 KiB on Linux); JSON on one line never is the line that ends it here.
    private func lines(_ address: String, _ request: ServiceRequest) -> String {
        let url = Word(address + request.path)
        guard let body = request.body else { return asked(Command("ask", url).line, request) }
        let ask = Command("ask", "--header", "Content-Type: application/json", "--data-binary", "@-", url).line
        return asked("\(ask) <<'end of body'\n\(body)\nend of body", request)
    }

    private func asked(_ ask: String, _ request: ServiceRequest) -> String {
        request.isAnonymous ? "who=open\n\(ask)\nwho=own" : ask
    }

    /// The replies in the order of the requests; nil when the output is not this script's.
    func replies(from bytes: [UInt8]) -> [ServiceReply]? {
        var rest = bytes[...]
        var replies: [ServiceReply] = []
        for _ in requests {
            let head = rest.prefix { $0 != UInt8(ascii: "\n") }
            let words = String(decoding: head.prefix(80), as: UTF8.self).split(separator: " ")
            rest = rest.dropFirst(head.count + 1)
            guard words.count == 3, let status = Int(words[0], in: 0...999),
                let seconds = Double(words[1], in: 0...1_000_000),
                let length = Int(words[2], in: .counts), rest.count > length
            else { return nil }
            replies.append(
                ServiceReply(
                    status: status, body: Array(rest.prefix(length)),
                    milliseconds: (seconds * 1_000_000).rounded() / 1000))
            rest = rest.dropFirst(length + 1)
        }
        return replies
    }
}

extension Problem {
    /// `what` could not be done since the machine's curl, it seems, is not there.
    init(noCurl what: String, _ output: Output, on place: String) {
        let isFull = ["No space left", "Read-only", "mktemp"].contains { output.errorText.contains($0) }
        self.init(
            what: what, why: output.lastLine,
            fix: isFull
                ? "can /tmp be written on \(place)? `df -h /tmp`" : "is curl there? `curl --version` on \(place)")
    }
}

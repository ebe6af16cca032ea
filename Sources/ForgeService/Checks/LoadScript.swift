import ForgeCore

/// A load as one script: `concurrency` curls at a time, and nothing that a host has not anyway.
struct LoadScript: Sendable {
    /// `http://10.96.1.2:80`
    let address: String
    /// Rows of the test set, which are asked for in turn.
    let rows: Int
    let load: Load
    /// What is posted to `/prediction` instead, where the service gives no rows away.
    var body: String?
    var credentials = ServiceCredentials.none

    /// The target as it is shown.
    var target: String { body == nil ? "\(address)/prediction/N" : "\(address)/prediction" }

    /// A curl keeps its connection for a hundred requests; the next one gets a new one, and with it perhaps another
    /// pod.
    var command: Command {
        Command.script([settings, Self.workers, LoadSum.script].joined(separator: "\n")).within(limit)
            .hiding(credentials)
    }

    /// The last requests may take ten seconds more, and a busy host some.
    private var limit: Duration { load.length + .seconds(60) }

    private var settings: String {
        """
        LC_ALL=C; export LC_ALL
        address=\(address.shellQuoted) rows=\(rows) concurrency=\(load.concurrency) \
        seconds=\(Double(load.length.milliseconds) / 1000) body=\((body ?? "").shellQuoted)
        own=\(credentials.configuration().shellQuoted)
        """
    }
}

extension LoadScript {
    /// POSIX shell that leaves the times of all requests in $directory/seen.*, and when they began and ended in $began
    /// and $ended.
    static let workers = #"""
        command -v curl > /dev/null || { echo 'curl is not installed' >&2; exit 1; }
        directory=$(mktemp -d /tmp/kubeforge.XXXXXX) || exit 1
        trap 'rm -rf -- "$directory"' EXIT; \#(ShellFunction.endsBySignal)
        printf '%s' "$body" > "$directory/body"
        urls() {
          printf '%s\n' "$own"
          if [ -n "$body" ]; then
            printf 'header = "Content-Type: application/json"\ndata-binary = "@%s"\n' "$directory/body"
            n=0; while [ $n -lt 100 ]; do printf 'url = "%s/prediction"\noutput = "/dev/null"\n' "$address"; n=$((n + \#
        1)); done
            return
          fi
          awk -v address="$address" -v rows="$rows" -v first="$1" 'BEGIN {
            for (n = first; n < first + 100; n++) printf "url = \"%s/prediction/%d\"\noutput = \"/dev/null\"\n", \#
        address, n % rows
          }'
        }
        # Times go to standard error, which curl does not hold back: what it is killed over is not lost.
        # After a failed request a new curl begins, a little later, so that a service which refuses is not flooded.
        worker() {
          first=$(($1 * 7919)) curl=
          trap 'kill $curl 2> /dev/null; wait; exit' TERM
          while [ ! -e "$directory/stop" ]; do
            urls $first > "$directory/urls.$1"
            curl -qsS --noproxy '*' --connect-timeout 3 --max-time 10 --fail-early --config "$directory/urls.$1" \
              --write-out '%{stderr}%{http_code} %{time_total} .\n' < /dev/null > /dev/null 2>> "$directory/seen.$1" &
            curl=$!
            wait $curl || sleep 0.1
            first=$((first + 100))
          done
        }
        # The request under way is waited for: to drop the slowest would make the service look faster than it is.
        finish() {
          before=$(wc -l < "$directory/seen.$1")
          while kill -0 $2 2> /dev/null && [ "$(wc -l < "$directory/seen.$1")" -le "$before" ]; do sleep 0.05; done
          kill $2 2> /dev/null
        }
        began=$(date +%s.%N) n=0 pids=
        while [ $n -lt $concurrency ]; do : > "$directory/seen.$n"; worker $n & pids="$pids $!" n=$((n + 1)); done
        sleep $seconds
        : > "$directory/stop"
        n=0; for pid in $pids; do finish $n $pid & n=$((n + 1)); done
        wait
        ended=$(date +%s.%N)
        """#
}

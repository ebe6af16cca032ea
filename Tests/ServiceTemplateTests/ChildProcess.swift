import Foundation

/// A program that was started, by its own id.
///
/// Not Foundation's `Process`: that sees an end only when every child that was started meanwhile has ended, too, since
/// children inherit what it watches; beside services that run on, it waits for ever.
struct ChildProcess {
    let id: pid_t

    /// Found in PATH; with its signals as a shell's children have them, and files (or pipes) as its three streams.
    init(
        _ arguments: [String], in folder: URL?, environment: [String: String], input: Int32? = nil, output: Int32,
        errors: Int32
    ) throws {
        let place = folder.map { ["--chdir", $0.path] } ?? []
        let words = ["/usr/bin/env", "--default-signal"] + place + arguments
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        var child: pid_t = 0
        let code = Self.withStrings(words) { argv in
            Self.withStrings(environment.map { "\($0.key)=\($0.value)" }) {
                posix_spawn(&child, words[0], &actions, nil, argv, $0)
            }
        }
        guard code == 0 else {
            throw Failed("`\(arguments.joined(separator: " "))` cannot be started: \(String(cString: strerror(code)))")
        }
        id = child
    }

    func terminate() { kill(id, SIGTERM) }

    /// Its exit code; 128 and the signal's number where one ended it.
    @discardableResult
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(id, &status, 0) == -1 && errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    private static func withStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(&pointers)
    }
}

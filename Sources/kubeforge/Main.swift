import ForgeCLI
import Glibc

@main
struct Main {
    static func main() async {
        // A closed pipe (`kubeforge plan | head`) is a failed write, not the end.
        signal(SIGPIPE, SIG_IGN)
        StandardStreams.keepTaken()
        OpenFileLimit.raise()
        exit(await Program.run(Array(CommandLine.arguments.dropFirst())))
    }
}

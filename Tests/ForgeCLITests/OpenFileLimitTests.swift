import ForgeCLI
import Foundation
import Testing

@Suite("The limit of open files")
struct OpenFileLimitTests {
    @Test("is raised to the hard limit, and no further than 65,536")
    func raised() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #expect(getrlimit(resource, &limit) == 0)
        let most = min(limit.rlim_max, 65_536)
        // Not so low that another test of this process feels it.
        limit.rlim_cur = most - 1
        #expect(setrlimit(resource, &limit) == 0)
        #expect(OpenFileLimit.raise() == most)
        #expect(getrlimit(resource, &limit) == 0 && limit.rlim_cur == most)
    }
}

"""How strong are the unit tests? One line of the sources is changed at a time, and a test of its module should fail, or of another one.

    python3 Tests/Mutants/mutants.py [--count 60] [--seed N] [--files Sources/ForgePlan ...] [--after N] [--guards] [--limit SECONDS]
                                      [--list]

The changes are made in a copy, a git worktree in .build/mutants with a build of its own: the checkout is never touched.
It ends with 1 when fewer than 90 % of the mutants that build are killed, or when one survives in a guard before a destructive step.
"""

import argparse
import fcntl
import random
import sys

from drawing import drawn, guards, sources
from trying import HOME, prepare, tried

ENOUGH = 0.9


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--count", type=int, default=60, help="how many mutants (60)")
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="the same seed draws the same mutants")
    options.add_argument("--files", nargs="+", default=[], help="files or directories below Sources; all modules but ForgeLab without it")
    options.add_argument("--after", type=int, default=0, metavar="N", help="without the first N: what an earlier run has tried")
    options.add_argument("--guards", action="store_true", help="only in guards before destructive steps")
    options.add_argument("--limit", type=int, help="seconds for tests; otherwise five times what they take unchanged")
    options.add_argument("--list", action="store_true", help="only say which ones")
    options = options.parse_args()
    guarded = guards()
    mutants = drawn(sources(options.files), options.count, options.seed, guarded if options.guards else None)[options.after:]
    if options.list:
        for mutant in mutants:
            print(f"{mutant.place}  {mutant.kind}\n  - {mutant.before.strip()}\n  + {mutant.after.strip()}")
        return
    print(f"{len(mutants)} mutants by seed {options.seed}", flush=True)
    HOME.mkdir(parents=True, exist_ok=True)
    with open(HOME / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"another run works in {HOME}")
        prepare()
        results = tried(mutants, options.limit)
    sys.exit(verdict(results, guarded))


def verdict(results, guarded):
    width = max(len(mutant.place) for mutant, _ in results)
    print("\n" + "\n".join(f"{mutant.place:{width}}  {mutant.kind:14}  {result}" for mutant, result in results))
    built = [(mutant, result) for mutant, result in results if result != "does not build"]
    survivors = [mutant for mutant, result in built if result == "SURVIVED"]
    for mutant in survivors:
        print(f"\nSURVIVED {mutant.place}\n  - {mutant.before.strip()}\n  + {mutant.after.strip()}")
    killed = len(built) - len(survivors)
    print(f"\n{killed} of {len(built)} that build are killed; {len(results) - len(built)} do not build")
    open_guards = [mutant.place for mutant in survivors if mutant.line in guarded.get(mutant.path, ())]
    if open_guards:
        print(f"survivors in guards before destructive steps: {', '.join(open_guards)}")
    return 1 if open_guards or killed < ENOUGH * len(built) else 0


if __name__ == "__main__":
    main()

"""agentramp's judge, shown the same counts as the peers' rules."""

from agentramp.judge.judge import Judge
from agentramp.judge.verdict import Decision, Rules
from bench.judge.counts import Counts


class Ours:
    def __init__(self, rules: Rules) -> None:
        self._judge = Judge(rules)

    def observe(self, counts: Counts) -> Decision:
        return self._judge.observe(counts.window).decision

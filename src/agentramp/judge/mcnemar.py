"""The same prompts asked of both versions: whether the canary is worse more often than chance."""

import math
from dataclasses import dataclass

from agentramp.judge.share import capped


@dataclass(frozen=True)
class Pairs:
    """Prompts whose outcome differs: ``worse`` good on stable only, ``better`` on the canary only.

    ``E = 2**n * integral of theta**b (1-theta)**c`` over theta in (1/2, 1) with density 2, for
    ``b`` worse and ``c`` better, ``n = b+c``: McNemar's test (1947) made sequential by a mixture
    (Robbins 1970). In whole numbers ``E = sum_{k<=b} C(n+1, k) / ((n+1) C(n, b))``. If a prompt
    that differs is as likely worse as better, E is a martingale from 1 over the prompts, so it ever
    reaches 1/alpha with probability at most alpha: the asking may stop at any time.
    """

    worse: int = 0
    better: int = 0

    def __post_init__(self) -> None:
        if min(self.worse, self.better) < 0:
            raise ValueError(f"{self.worse} worse and {self.better} better: a count is negative")

    @property
    def log_e(self) -> float:
        n = self.worse + self.better
        term = total = 1
        for k in range(self.worse):
            term = term * (n + 1 - k) // (k + 1)
            total += term
        return math.log(total) - math.log((n + 1) * math.comb(n, self.worse))

    @property
    def e(self) -> float:
        return capped(self.log_e)

    def shows_worse(self, alpha: float) -> bool:
        """The stop rule: with error at most ``alpha``, whenever it is asked."""
        return self.log_e >= -math.log(alpha)

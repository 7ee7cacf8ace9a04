"""What a rule is shown: the counts of both arms in one window."""

from dataclasses import dataclass, field

from agentramp.judge.window import Arm, Tally, Window

WINDOW = 60.0


@dataclass(slots=True)
class Counts:
    """One window of a stream. ``weight`` is the canary's planned percent.

    ``twin`` is a part of stable as large as the canary, the fresh baseline that Kayenta asks for.
    ``excess`` is how many bad answers the canary is expected to give beyond those that stable would
    have given to the same sessions. ``arms`` are set where there is more than errors to judge.
    """

    at: int
    weight: int
    canary: int
    canary_bad: int
    stable: int
    stable_bad: int
    twin: int = 0
    twin_bad: int = 0
    excess: float = 0.0
    arms: tuple[Arm, Arm] | None = None
    _window: Window | None = field(default=None, repr=False, compare=False)

    @property
    def window(self) -> Window:
        """The same counts in the words of our judge."""
        if self._window is None:
            canary, stable = self.arms or (
                Arm(Tally(self.canary, self.canary_bad)),
                Arm(Tally(self.stable, self.stable_bad)),
            )
            start = self.at * WINDOW
            self._window = Window(start, start + WINDOW, canary, stable, self.weight)
        return self._window

"""The resources that are meant, in the order in which they can be deployed.

A value that refers to another resource's outputs has none before that one is there: the file is
read again with what is known by then.
"""

import argparse
from dataclasses import dataclass, field

from agentramp.config import Config, Outputs, RuntimeConfig, outputs_of
from agentramp.errors import UsageError
from agentramp.model import Endpoint, Runtime
from agentramp.wiring.context import Context
from agentramp.wiring.project import chosen, every
from agentramp.wiring.target import of, owner_of


@dataclass
class Resources:
    """``outputs`` are those of the resources that are known to be there, by their ids."""

    args: argparse.Namespace
    context: Context
    outputs: dict[str, Outputs] = field(default_factory=dict)
    _whole: Config | None = field(default=None, init=False)

    def names(self) -> tuple[str, ...]:
        return tuple(runtime.resource for runtime in chosen(self.args, self._read()))

    def find(self, name: str) -> tuple[Config, RuntimeConfig]:
        """As it is read with the outputs known by now; it may still wait for others."""
        whole = self._read()
        return whole, next(one for one in whole.runtimes if one.resource == name)

    def look_up(self, name: str) -> None:
        """Read from the platform what those put out that ``name`` needs; raises UsageError."""
        _, runtime = self.find(name)
        for needed in runtime.needs:
            if needed not in self.outputs:
                self.look_up(needed)
                self._look_at(needed, name)

    def put_out(self, runtime: RuntimeConfig, head: Runtime, found: tuple[Endpoint, ...]) -> None:
        """``found`` are its endpoints; the file counts them in its own order."""
        by_name = {endpoint.name: endpoint for endpoint in found}
        listed = [by_name[one.name] for one in runtime.endpoints if one.name in by_name]
        endpoints = tuple(listed) if runtime.endpoints else found
        self.outputs[runtime.resource] = outputs_of(head, endpoints, runtime.region)
        self._whole = None

    def _read(self) -> Config:
        if self._whole is None:
            whole = every(self.args, self.context, outputs=self.outputs)
            if any(runtime.pending for runtime in whole.runtimes):
                owner = owner_of(self.args, self.context, whole)
                whole = every(self.args, self.context, outputs=self.outputs, account=owner)
            self._whole = whole
        return self._whole

    def _look_at(self, needed: str, by: str) -> None:
        whole, runtime = self.find(needed)
        where = of(self.args, self.context, runtime, whole.access)
        observed = where.platform.observe(where.runtime)
        if observed.runtime is None:
            raise UsageError(
                f"resource {by} needs what {needed} puts out, and {needed} is not deployed",
                advice=f"deploy it first (--resource {needed}), or all of them without --resource",
            )
        self.put_out(runtime, observed.runtime, observed.endpoints)

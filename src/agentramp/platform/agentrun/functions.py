"""The functions port over Function Compute 3.0, on which AgentRun runs its runtimes.

Source of paths and fields: the vendor's official client for API version 2023-03-30. Its listing
of instances takes a ``startKey`` and names none in its answer; one that comes all the same
(``nextStartKey``) is followed. ``withAllActive`` asks for all at once, as the vendor's tool does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agentramp.model import CustomDomain, LogStore
from agentramp.platform.agentrun import functions_wire as wire
from agentramp.platform.agentrun.again import Patience
from agentramp.platform.agentrun.client import Action, Client, OutcomeUnknownError
from agentramp.platform.functions import Command, Instance, Wires
from agentramp.platform.port import (
    AlreadyExistsError,
    NotAppliedError,
    NotFoundError,
    PlatformError,
)

VERSION = "2023-03-30"
DOMAINS = ("custom-domains",)
_MOST_PAGES = 1000
_POST_ATTEMPTS = 3
_NO_FUNCTION = "FunctionNotFound"


@dataclass
class FunctionCompute:
    """``client`` speaks API version 2023-03-30 without an envelope.

    ``classic_url`` and ``account`` are where ``exec`` goes and whose it is; both may ask.
    """

    client: Client
    classic_url: Callable[[], str]
    account: Callable[[], str]

    def instances(self, runtime_id: str, qualifier: str | None = None) -> tuple[Instance, ...]:
        action = _action("ListInstances", "GET", runtime_id, "instances")
        asked = {"withAllActive": "true"}
        if qualifier:
            asked["qualifier"] = qualifier
        found: dict[str, Instance] = {}
        for _ in range(_MOST_PAGES):
            page = self.client.call(action, query=asked)
            listed = [wire.decode_instance(item) for item in page.get("instances") or ()]
            new = [instance for instance in listed if instance.id not in found]
            found.update((instance.id, instance) for instance in new)
            key = page.get("nextStartKey")
            if not (key and new):
                break
            asked["startKey"] = str(key)
        return tuple(found.values())

    def execute(self, runtime_id: str, instance: Instance, command: Command, wires: Wires) -> int:
        from agentramp.platform.agentrun.functions_exec import (  # noqa: PLC0415 - costly, seldom
            Line,
        )

        client = self.client
        line = Line(
            url=self.classic_url,
            account=self.account,
            credentials=client.credentials,
            now=client.server_time,
            patience=Patience(client.sleep, client.jitter),
            nonce=client.nonce,
            renew=client.renew,
        )
        return line.execute(wire.function_name(runtime_id), instance, command, wires)

    def concurrency(self, runtime_id: str) -> int | None:
        try:
            data = self.client.call(_concurrency("GetConcurrencyConfig", "GET", runtime_id))
        except NotFoundError as error:
            if error.code == _NO_FUNCTION:
                raise
            return None
        value = data.get("reservedConcurrency")
        return None if value is None else int(value)

    def reserve(self, runtime_id: str, concurrency: int | None) -> int | None:
        if concurrency is None:
            self._forget(_concurrency("DeleteConcurrencyConfig", "DELETE", runtime_id))
        else:
            self.client.call(
                _concurrency("PutConcurrencyConfig", "PUT", runtime_id),
                body={"reservedConcurrency": concurrency},
            )
        return self.concurrency(runtime_id)

    def log_store(self, runtime_id: str) -> LogStore | None:
        return wire.decode_log_store(self.client.call(_action("GetFunction", "GET", runtime_id)))

    def domain(self, name: str) -> tuple[CustomDomain, tuple[str, ...]] | None:
        data = self._domain(name)
        return None if data is None else wire.decode_domain(data)

    def set_domain(self, runtime_id: str, domain: CustomDomain) -> CustomDomain:
        function = wire.function_name(runtime_id)
        present = self._domain(domain.name) or self._made(domain, function)
        if present is not None:
            body = wire.encode_domain(domain, function, present)
            action = Action("UpdateCustomDomain", "PUT", (*DOMAINS, domain.name))
            self.client.call(action, body=body)
        return self._applied(runtime_id, domain, present)

    def delete_domain(self, name: str) -> None:
        self._forget(Action("DeleteCustomDomain", "DELETE", (*DOMAINS, name)))

    def _forget(self, action: Action) -> None:
        try:
            self.client.call(action)
        except NotFoundError as error:
            if error.code == _NO_FUNCTION:
                raise

    def _domain(self, name: str) -> Mapping[str, Any] | None:
        try:
            return self.client.call(Action("GetCustomDomain", "GET", (*DOMAINS, name)))
        except NotFoundError:
            return None

    def _made(self, domain: CustomDomain, function: str) -> Mapping[str, Any] | None:
        """Make it; gives what is there where it turned out to be there already.

        A POST whose answer was lost may have made it: it is looked for before it is sent again.
        """
        action = Action("CreateCustomDomain", "POST", DOMAINS)
        body = {"domainName": domain.name, **wire.encode_domain(domain, function)}
        error: PlatformError | None = None
        for _ in range(_POST_ATTEMPTS):
            error = self._sent(action, body)
            if error is None:
                return None
            present = self._domain(domain.name)
            if present is not None:
                return present
        raise error or TypeError("a domain was to be made and nothing was sent")

    def _sent(self, action: Action, body: Mapping[str, Any]) -> PlatformError | None:
        """None where it was done; else why nobody can say whether it was."""
        try:
            self.client.call(action, body=body)
        except (AlreadyExistsError, OutcomeUnknownError) as error:
            return error
        return None

    def _applied(
        self, runtime_id: str, wanted: CustomDomain, present: Mapping[str, Any] | None
    ) -> CustomDomain:
        """Read back; raises NotAppliedError where it is not what was asked for.

        ``present`` is what was there before; secrets that it did not show were not sent back.
        """
        found = self.domain(wanted.name)
        if found is not None:
            domain, leads_to = found
            missing = wire.unsaid(wanted, domain)
            if present is not None:
                _check_kept(wanted, wire.decode_domain(present)[0], domain)
            if leads_to == (runtime_id,) and not missing:
                return domain
        told = "is not there" if found is None else "is not as it was asked for"
        raise NotAppliedError(
            f"domain {wanted.name} {told} after it was set",
            advice="somebody else may be changing this domain: look, then run again",
        )


def _check_kept(wanted: CustomDomain, before: CustomDomain, after: CustomDomain) -> None:
    lost = wire.lost(wanted, before, after)
    if lost:
        raise NotAppliedError(
            f"domain {wanted.name} has lost its {' and its '.join(lost)} as it was set: the"
            " platform showed no secret of it that could be sent back",
            advice="write it into customDomain (certConfig, authConfig) and deploy again",
        )


def _action(name: str, method: str, runtime_id: str, *path: str) -> Action:
    return Action(name, method, ("functions", wire.function_name(runtime_id), *path))


def _concurrency(name: str, method: str, runtime_id: str) -> Action:
    return _action(name, method, runtime_id, "concurrency")

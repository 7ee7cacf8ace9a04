"""What every functions adapter must do.

An implementation joins with fixtures ``functions`` and ``runtime_id``: a runtime with published
version 1, of which one instance runs, and in which the programs cat, true and false can be run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

import pytest

from agentramp.model import LATEST, Certificate, CustomDomain, DomainRoute, LogStore
from agentramp.platform.functions import Command, Functions, Instance
from agentramp.platform.port import PlatformError

LOGS = LogStore("a-project", "a-store")
_NUMBERS = count(1)


@dataclass
class Caught:
    given: bytes = b""
    stdout: bytes = b""
    stderr: bytes = b""

    def read(self) -> Iterator[bytes]:
        for at in range(0, len(self.given), 100):
            yield self.given[at : at + 100]

    def out(self, data: bytes) -> None:
        self.stdout += data

    def err(self, data: bytes) -> None:
        self.stderr += data


def domain(**more: object) -> CustomDomain:
    name = f"n{next(_NUMBERS)}.example.com"
    return replace(CustomDomain(name, routes=(DomainRoute("/*"),)), **more)  # type: ignore[arg-type]  # by name


class FunctionsSuite:
    @pytest.fixture
    def instance(self, functions: Functions, runtime_id: str) -> Instance:
        (found,) = functions.instances(runtime_id, "1")
        return found

    def test_instances_are_listed_by_version(self, functions: Functions, runtime_id: str) -> None:
        (one,) = functions.instances(runtime_id, "1")
        assert one.version == "1"
        assert one.created_at > 1_600_000_000
        assert one in functions.instances(runtime_id)
        assert functions.instances(runtime_id, "9") == ()
        assert all(found.version == LATEST for found in functions.instances(runtime_id, LATEST))

    def test_a_runtime_that_is_not_there(self, functions: Functions) -> None:
        with pytest.raises(PlatformError, match="does not exist"):
            functions.instances("no-such")
        with pytest.raises(PlatformError, match="does not exist"):
            functions.concurrency("no-such")
        with pytest.raises(PlatformError, match="does not exist"):
            functions.reserve("no-such", 1)
        with pytest.raises(PlatformError, match="does not exist"):
            functions.reserve("no-such", None)
        with pytest.raises(PlatformError, match="does not exist"):
            functions.log_store("no-such")
        with pytest.raises(PlatformError, match="does not exist"):
            functions.set_domain("no-such", domain())

    @pytest.mark.parametrize(("word", "status"), [("true", 0), ("false", 1)])
    def test_a_command_ends_with_its_status(
        self, functions: Functions, runtime_id: str, instance: Instance, word: str, status: int
    ) -> None:
        command = Command((word,), input=False)
        assert functions.execute(runtime_id, instance, command, Caught()) == status

    def test_a_command_reads_what_is_piped(
        self, functions: Functions, runtime_id: str, instance: Instance
    ) -> None:
        wires = Caught(bytes(range(256)) * 20)
        assert functions.execute(runtime_id, instance, Command(("cat",)), wires) == 0
        assert wires.stdout == wires.given

    def test_a_command_without_a_shell(
        self, functions: Functions, runtime_id: str, instance: Instance
    ) -> None:
        wires = Caught(b"as it is\n")
        command = Command(("cat",), shell=False)
        assert functions.execute(runtime_id, instance, command, wires) == 0
        assert wires.stdout == b"as it is\n"

    @pytest.mark.parametrize("shell", [True, False])
    def test_a_program_that_is_not_there(
        self, functions: Functions, runtime_id: str, instance: Instance, *, shell: bool
    ) -> None:
        wires = Caught()
        command = Command(("no-such-program",), shell=shell, input=False)
        assert functions.execute(runtime_id, instance, command, wires) == 127
        assert b"not found" in wires.stderr.lower() or b"no such file" in wires.stderr.lower()

    def test_an_instance_that_is_not_there(
        self, functions: Functions, runtime_id: str, instance: Instance
    ) -> None:
        gone = replace(instance, id="c-none")
        with pytest.raises(PlatformError, match="c-none"):
            functions.execute(runtime_id, gone, Command(("true",)), Caught())

    def test_concurrency_is_reserved_and_given_back(
        self, functions: Functions, runtime_id: str
    ) -> None:
        assert functions.concurrency(runtime_id) is None
        assert functions.reserve(runtime_id, 7) == 7
        assert functions.reserve(runtime_id, 8) == functions.concurrency(runtime_id) == 8
        assert functions.reserve(runtime_id, None) is functions.concurrency(runtime_id) is None
        assert functions.reserve(runtime_id, None) is None

    def test_where_the_lines_go(self, functions: Functions, runtime_id: str) -> None:
        assert functions.log_store(runtime_id) == LOGS

    def test_a_domain_that_is_not_there(self, functions: Functions) -> None:
        assert functions.domain("none.example.com") is None
        functions.delete_domain("none.example.com")

    def test_a_domain_from_its_beginning_to_its_end(
        self, functions: Functions, runtime_id: str
    ) -> None:
        wanted = domain()
        assert functions.set_domain(runtime_id, wanted) == wanted
        assert functions.domain(wanted.name) == (wanted, (runtime_id,))
        assert functions.set_domain(runtime_id, wanted) == wanted
        functions.delete_domain(wanted.name)
        assert functions.domain(wanted.name) is None
        functions.delete_domain(wanted.name)

    def test_a_domain_with_all_it_can_have(self, functions: Functions, runtime_id: str) -> None:
        wanted = domain(
            protocol="HTTP,HTTPS",
            routes=(DomainRoute("/a/*", "1", ("GET", "POST")), DomainRoute("/*", LATEST)),
            tls_min_version="TLSv1.2",
            tls_max_version="TLSv1.3",
            tls_ciphers=("TLS_RSA_WITH_AES_256_CBC_SHA",),
            auth_type="function",
            auth_info="{}",
            firewall=False,
        )
        assert functions.set_domain(runtime_id, wanted) == wanted

    def test_what_is_not_said_of_a_domain_is_left(
        self, functions: Functions, runtime_id: str
    ) -> None:
        wanted = domain(
            routes=(DomainRoute("/a"),), auth_type="anonymous", tls_min_version="TLSv1.3"
        )
        functions.set_domain(runtime_id, wanted)
        less = CustomDomain(wanted.name, "HTTPS", routes=(DomainRoute("/b"),), firewall=True)
        functions.set_domain(runtime_id, less)
        found = functions.domain(wanted.name)
        assert found == (
            replace(wanted, protocol="HTTPS", routes=less.routes, firewall=True),
            (runtime_id,),
        )

    def test_a_certificate_is_kept_by_its_name(self, functions: Functions, runtime_id: str) -> None:
        wanted = domain(protocol="HTTPS", certificate=Certificate("mine", "a chain", "a key"))
        functions.set_domain(runtime_id, wanted)
        found = functions.domain(wanted.name)
        assert found
        assert found[0].certificate
        assert (found[0].certificate.name, found[0].certificate.chain) == ("mine", "a chain")

    def test_a_domain_without_routes_leads_everything_there(
        self, functions: Functions, runtime_id: str
    ) -> None:
        wanted = domain(routes=())
        functions.set_domain(runtime_id, wanted)
        assert functions.domain(wanted.name) == (
            replace(wanted, routes=(DomainRoute("/*"),)),
            (runtime_id,),
        )

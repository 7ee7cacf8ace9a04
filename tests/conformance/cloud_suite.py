"""What every account must do; run over the shipped fake and over the real adapter."""

from abc import ABC, abstractmethod

import pytest

from agentramp.preflight.port import Cloud

ROLE, OTHER_ROLE, STRICT_ROLE = "runner", "deployer", "strict"
VPC, OTHER_VPC = "vpc-1", "vpc-9"


class CloudSuite(ABC):
    """``ROLE`` trusts fc.aliyuncs.com, ``OTHER_ROLE`` another service, ``STRICT_ROLE`` nobody.

    ``vsw-1``, ``vsw-2`` and ``sg-1`` belong to ``VPC``, ``vsw-9`` and ``sg-9`` to ``OTHER_VPC``.
    """

    @pytest.fixture
    @abstractmethod
    def cloud(self) -> Cloud: ...

    def test_whom_a_role_trusts(self, cloud: Cloud) -> None:
        assert tuple(cloud.role_trusts(ROLE) or ()) == ("fc.aliyuncs.com",)
        assert tuple(cloud.role_trusts(OTHER_ROLE) or ()) == ("ecs.aliyuncs.com",)

    def test_a_role_that_trusts_no_service_is_a_role(self, cloud: Cloud) -> None:
        trusted = cloud.role_trusts(STRICT_ROLE)
        assert trusted is not None
        assert list(trusted) == []

    def test_no_such_role(self, cloud: Cloud) -> None:
        assert cloud.role_trusts("nobody") is None

    def test_the_vpc_of_each_switch_that_exists(self, cloud: Cloud) -> None:
        found = cloud.switches(["vsw-9", "vsw-1", "vsw-none"])
        assert dict(found) == {"vsw-1": VPC, "vsw-9": OTHER_VPC}

    def test_the_vpc_of_a_security_group(self, cloud: Cloud) -> None:
        assert cloud.security_group("sg-9") == OTHER_VPC
        assert cloud.security_group("sg-none") is None
        assert cloud.security_group("vsw-1") is None, "of another kind"

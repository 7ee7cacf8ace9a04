"""Runs first in every Python process of an agent: the configured port becomes the assigned one.

An agent may have its port hard-coded, and two versions of it have to run side by side. A bind to
the configured port, on any address, is a bind to the assigned port on loopback instead; a connect
to the configured port on loopback likewise. Everything else is left as it is. This module stands
alone: the agent's interpreter has no agentramp and may be an older one.
"""

# ruff: noqa: ANN401, INP001 - no package, and its functions stand in for untyped ones.
from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOOPBACK_V4, _LOOPBACK_V6 = "127.0.0.1", "::1"
_LOOPBACK_BOTH = "::ffff:127.0.0.1"
_OWN_ADDRESSES = {_LOOPBACK_V4, _LOOPBACK_V6, "localhost", "0.0.0.0", "::", ""}  # noqa: S104 compared


class _Ports(NamedTuple):
    configured: int
    assigned: int


def _ports() -> _Ports | None:
    try:
        return _Ports(
            int(os.environ["AGENTRAMP_PORT_CONFIGURED"]),
            int(os.environ["AGENTRAMP_PORT_ASSIGNED"]),
        )
    except (KeyError, ValueError):
        return None


def _map_sockets(ports: _Ports) -> None:
    import socket  # noqa: PLC0415 only in a process that has ports to map

    real: Any = socket.socket
    bind, connect, connect_ex = real.bind, real.connect, real.connect_ex

    def port_of(sock: Any, address: Any) -> int | None:
        inet = sock.family in (socket.AF_INET, socket.AF_INET6)
        return address[1] if inet and isinstance(address, tuple) and len(address) > 1 else None

    def loopback_of(sock: Any) -> str:
        if sock.family == socket.AF_INET:
            return _LOOPBACK_V4
        only_v6 = sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        return _LOOPBACK_V6 if only_v6 else _LOOPBACK_BOTH

    def mapped_bind(self: Any, address: Any) -> Any:
        if port_of(self, address) in ports:
            address = (loopback_of(self), ports.assigned, *address[2:])
        return bind(self, address)

    def mapped(sock: Any, address: Any) -> Any:
        if port_of(sock, address) == ports.configured and address[0] in _OWN_ADDRESSES:
            return (address[0], ports.assigned, *address[2:])
        return address

    real.bind = mapped_bind
    real.connect = lambda self, address: connect(self, mapped(self, address))
    real.connect_ex = lambda self, address: connect_ex(self, mapped(self, address))


class _AfterImport:
    """Finds one module and changes it once it is loaded; then it is no finder any more."""

    def __init__(self, name: str, change: Callable[[Any], None]) -> None:
        self._name = name
        self._change = change

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        if name != self._name:
            return None
        finders: list[Any] = sys.meta_path
        finders.remove(self)
        for finder in finders:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find else None
            if spec is not None:
                self._wrap(spec.loader)
                return spec
        return None

    def _wrap(self, loader: Any) -> None:
        run = getattr(loader, "exec_module", None)
        if run is None:
            return

        def run_and_change(module: Any) -> None:
            run(module)
            self._change(module)

        loader.exec_module = run_and_change


def _map_uvloop(ports: _Ports) -> None:
    """Uvloop binds inside libuv, where no Python socket is seen."""

    def change(module: Any) -> None:
        create_server = module.Loop.create_server

        async def mapped(
            self: Any, factory: Any, host: Any = None, port: Any = None, **options: Any
        ) -> Any:
            if options.get("sock") is None and port in ports:
                host, port = _LOOPBACK_V4, ports.assigned
            return await create_server(self, factory, host, port, **options)

        # A Python class over the compiled one, so it takes a new attribute.
        module.Loop.create_server = mapped

    finders: list[Any] = sys.meta_path
    finders.insert(0, _AfterImport("uvloop", change))


def _run_next() -> None:
    """Run the sitecustomize that this one stands in front of, if there is one."""
    here = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120 pathlib is slow to import
    path = [place for place in sys.path if os.path.realpath(place or ".") != here]
    spec = PathFinder.find_spec("sitecustomize", path)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_found = _ports()
if _found:
    _map_sockets(_found)
    _map_uvloop(_found)
_run_next()
